// The map as PixiJS draws it: two particles a painting (a frame and a picture), and a layer above for what is chosen.

const canvas = byId("map");
const small = matchMedia("(pointer: coarse)").matches || Math.min(screen.width, screen.height) < 700;

// One order for all, drawn from a fixed seed, so that no artist lies above another by name.
const order = (() => {
  const rows = Uint32Array.from({ length: total }, (_, row) => row);
  let seed = 12345;
  for (let i = total - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const j = seed % (i + 1);
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
  return rows;
})();
const ranks = new Uint32Array(total);
order.forEach((row, rank) => (ranks[row] = rank));

const ratios = Float32Array.from({ length: total }, (_, row) => given.widths[row] / given.heights[row]);

const scene = {
  at: Float32Array.from(wantedPlaces()),
  camera: { x: 0, y: 0, zoom: 1 },
  size: { width: 1, height: 1 },
  sheets: [],
  frames: 0,
  ready: false,
};

// Without a graphics card every pixel costs: what moves is drawn coarsely there, and finely again when it rests.
const fine = Math.min(devicePixelRatio || 1, 2);
const FLUID = 25; // milliseconds from one frame to the next
const REST = 160;
const pace = { last: 0, slow: 0, coarse: false, timer: 0 };

let renderer = null;
let stage = null;
let world = null;
let lines = null;
let above = null;

async function startScene() {
  const options = { canvas, preference: "webgl", backgroundAlpha: 0, antialias: false };
  options.resolution = fine;
  options.accessibilityOptions = { enabledByDefault: false, activateOnTab: false };
  renderer = await PIXI.autoDetectRenderer(options);
  stage = new PIXI.Container();
  world = new PIXI.Container();
  lines = new PIXI.Graphics();
  above = new PIXI.Container();
  stage.addChild(world, lines, above);
  scene.sheets = [new Sheet(order, PIXI.Texture.WHITE.source, () => PIXI.Texture.WHITE, PIXI.Texture.WHITE)];
  world.addChild(...scene.sheets.map((sheet) => sheet.container));
  new ResizeObserver(resize).observe(canvas);
  resize();
  scene.ready = true;
}

/** Some paintings whose pictures lie on one texture. */
class Sheet {
  constructor(rows, source, textureOf, white) {
    this.rows = rows;
    this.container = new PIXI.ParticleContainer({
      texture: new PIXI.Texture({ source }),
      dynamicProperties: { position: false, vertex: false, rotation: false, uvs: false, color: false },
    });
    const particle = (texture) => new PIXI.Particle({ texture, anchorX: 0.5, anchorY: 0.5 });
    this.white = white;
    this.frames = new Map();
    this.pictures = new Map();
    for (const row of rows) {
      this.frames.set(row, particle(white));
      this.pictures.set(row, particle(textureOf(row)));
    }
    this.arrange();
  }

  /** Ghosts below, then everybody in the common order, each picture on its frame. */
  arrange() {
    const framed = state.colour !== "";
    const drawn = [];
    for (const wanted of [0, 1]) {
      for (const row of this.rows) {
        if (shown[row] !== wanted) continue;
        if (framed && wanted) drawn.push(this.frames.get(row));
        drawn.push(this.pictures.get(row));
      }
    }
    this.container.particleChildren.length = 0;
    this.container.particleChildren.push(...drawn);
    this.paint();
  }

  paint() {
    for (const row of this.rows) {
      const picture = this.pictures.get(row);
      picture.tint = picture.texture === this.white ? given.colours[row] : 0xffffff;
      picture.alpha = shown[row] ? 1 : 0.07;
      const colour = frameColour(row);
      if (colour !== null) this.frames.get(row).tint = colour;
    }
    this.measure();
  }

  /** Sizes and places; the container's own matrix does the rest. */
  measure() {
    const scale = pixelsPerUnit();
    const side = pictureSide();
    const border = 2 * frameWidth(side);
    for (const row of this.rows) {
      const [width, height] = shape(row, side);
      const picture = this.pictures.get(row);
      picture.x = scene.at[2 * row];
      picture.y = scene.at[2 * row + 1];
      picture.scaleX = width / scale / picture.texture.width;
      picture.scaleY = height / scale / picture.texture.height;
      if (state.colour !== "") {
        const frame = this.frames.get(row);
        frame.x = picture.x;
        frame.y = picture.y;
        frame.scaleX = (width + border) / scale / frame.texture.width;
        frame.scaleY = (height + border) / scale / frame.texture.height;
      }
    }
    this.container.update();
  }
}

/** Pixels of a unit of the map. */
function pixelsPerUnit() {
  return 0.44 * Math.min(scene.size.width, scene.size.height * 1.25) * scene.camera.zoom;
}

/** Pixels of a picture's longer side: it grows more slowly than the distances, so that one can zoom in between. */
function pictureSide() {
  const area = scene.size.width * scene.size.height;
  const whole = Math.max(8, Math.min(64, Math.sqrt((0.45 * area) / total)));
  return Math.min(whole * scene.camera.zoom ** 0.72, 230, 0.5 * Math.min(scene.size.width, scene.size.height));
}

const frameWidth = (side) => (state.colour === "" ? 0 : Math.max(1.5, Math.min(5, side * 0.09)));

function shape(row, side) {
  return ratios[row] > 1 ? [side, side / ratios[row]] : [side * ratios[row], side];
}

/** Where a painting's middle is on the canvas. */
function onCanvas(row) {
  const scale = pixelsPerUnit();
  return [
    (scene.at[2 * row] - scene.camera.x) * scale + scene.size.width / 2,
    (scene.at[2 * row + 1] - scene.camera.y) * scale + scene.size.height / 2,
  ];
}

/** The painting below a point of the canvas, the topmost of several; -1 if there is none. */
function paintingAt(x, y, reach = 0) {
  const side = pictureSide();
  let found = -1;
  const chosen = highlighted();
  const top = (row) => (chosen.has(row) ? total : 0) + heights[row];
  for (let row = 0; row < total; row++) {
    if (!shown[row] && !chosen.has(row)) continue;
    const [px, py] = chosen.has(row) ? seen(row) : onCanvas(row);
    const [width, height] = shape(row, chosen.has(row) ? raisedSide(side) : side);
    if (Math.abs(x - px) > width / 2 + reach || Math.abs(y - py) > height / 2 + reach) continue;
    if (found < 0 || top(row) > top(found)) found = row;
  }
  return found;
}

// How high a painting lies: sheets lie above each other.
const heights = new Float64Array(ranks);

function resize() {
  const { clientWidth: width, clientHeight: height } = canvas;
  // Also asked when a panel opens; the same size again must not end a flight that has begun since.
  if (!renderer || !width || !height || (width === scene.size.width && height === scene.size.height)) return;
  scene.size = { width, height };
  renderer.resize(width, height, pace.coarse ? fine / 2 : fine);
  remeasure();
  if (state.selected >= 0) bringIntoView(state.selected);
}

function keepPace(now) {
  const gap = now - pace.last;
  pace.last = now;
  if (gap > REST) return;
  if (!pace.coarse) pace.slow = gap > FLUID ? pace.slow + 1 : Math.max(0, pace.slow - 0.1);
  if (pace.slow >= 2) drawCoarsely(true);
}

function drawCoarsely(coarse) {
  clearTimeout(pace.timer);
  if (coarse) pace.timer = setTimeout(() => (drawCoarsely(false), redraw()), REST);
  if (coarse === pace.coarse) return;
  pace.coarse = coarse;
  renderer.resize(scene.size.width, scene.size.height, coarse ? fine / 2 : fine);
}

let dirty = false;
let stale = false;

/** Draw at the next frame. */
function redraw() {
  if (dirty || !renderer) return;
  dirty = true;
  requestAnimationFrame(draw);
}

/** Sizes or places have changed. */
function remeasure() {
  stale = true;
  redraw();
}

function draw(now) {
  dirty = false;
  keepPace(now);
  if (stale) for (const sheet of scene.sheets) sheet.measure();
  stale = false;
  const scale = pixelsPerUnit();
  world.scale.set(scale);
  world.position.set(scene.size.width / 2 - scene.camera.x * scale, scene.size.height / 2 - scene.camera.y * scale);
  drawChosen();
  drawAxis();
  renderer.render(stage);
  scene.frames += 1;
}

/** What is to be arranged anew: filter or colours have changed. */
function rearrange() {
  filter();
  for (const sheet of scene.sheets) sheet.arrange();
  redraw();
}

// The chosen painting, and how its neighbours are near: "raw" in the full features, "embedding" by the likeness, or "both".
let kinds = new Map();
const highlighted = () => kinds;

function choose(row) {
  kinds = new Map();
  if (row < 0) return;
  kinds.set(row, "chosen");
  const small = nearest(state.likeness, row);
  // The full features are composition's.
  const raw = state.likeness === "composition" ? nearest("raw", row) : small;
  for (const other of raw) kinds.set(other, small.includes(other) ? "both" : "raw");
  for (const other of small) if (!kinds.has(other)) kinds.set(other, "embedding");
}

const raisedSide = (side) => Math.max(48, Math.min(side, 84));
const RAISED = 1.3;

// How far raised pictures have stepped aside, so that each can be seen; for one painting and zoom, wherever one pans.
let aside = { of: "", steps: new Map() };

function stepAside() {
  const side = raisedSide(pictureSide());
  const of = [state.selected, state.likeness, pixelsPerUnit(), side, scene.at[0], scene.at[total]].join();
  if (aside.of === of) return aside.steps;
  const rows = [...kinds.keys()];
  const home = rows.map(onCanvas);
  // Copies of one picture lie on one point, and must have somewhere to go.
  const now = home.map(([x, y], i) => [x + Math.cos(i), y + Math.sin(i)]);
  const radii = rows.map((row) => 0.6 * side * (kinds.get(row) === "chosen" ? RAISED : 1) + 3);
  for (let round = 0; round < 120; round++) push(now, radii, home);
  aside = { of, steps: new Map(rows.map((row, i) => [row, [now[i][0] - home[i][0], now[i][1] - home[i][1]]])) };
  return aside.steps;
}

/** Move pairs that overlap straight apart, and all a little back home; the first, the chosen one, stays. */
function push(now, radii, home) {
  for (let i = 0; i < now.length; i++) {
    for (let j = 0; j < i; j++) {
      const [dx, dy] = [now[i][0] - now[j][0], now[i][1] - now[j][1]];
      const far = Math.hypot(dx, dy) || 1e-3;
      const by = (radii[i] + radii[j] - far) / far / 2;
      if (by <= 0) continue;
      now[i][0] += dx * by * (j ? 1 : 2);
      now[i][1] += dy * by * (j ? 1 : 2);
      if (j) now[j][0] -= dx * by;
      if (j) now[j][1] -= dy * by;
    }
  }
  for (let i = 1; i < now.length; i++) for (const axis of [0, 1]) now[i][axis] += 0.02 * (home[i][axis] - now[i][axis]);
}

/** Where a raised painting is to be seen. */
function seen(row) {
  const [x, y] = onCanvas(row);
  const [dx, dy] = stepAside().get(row) ?? [0, 0];
  return [x + dx, y + dy];
}
let dyes = {};

/** The colours of the style sheet, which light and dark change. */
function mixColours() {
  const style = getComputedStyle(document.documentElement);
  dyes = Object.fromEntries(["ink", "mark", "paper", "wall"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}


function drawChosen() {
  lines.clear();
  above.removeChildren().forEach((child) => child.destroy());
  if (state.selected < 0) return drawHovered();
  const { ink, mark, paper } = dyes;
  const side = raisedSide(pictureSide());
  const from = seen(state.selected);
  const veil = new PIXI.Graphics().rect(0, 0, scene.size.width, scene.size.height).fill({ color: dyes.wall, alpha: 0.55 });
  above.addChild(veil);
  const joined = new PIXI.Graphics();
  above.addChild(joined);
  for (const [row, kind] of kinds) {
    if (kind !== "chosen") join(joined, from, seen(row), kind, kind === "both" ? mark : ink);
  }
  // The chosen one last, above its neighbours; those in both above the others.
  const height = { embedding: 0, raw: 1, both: 2, chosen: 3 };
  for (const [row, kind] of [...kinds].sort((a, b) => height[a[1]] - height[b[1]])) {
    raise(row, side * (kind === "chosen" ? RAISED : 1), kind, kind === "both" ? mark : ink, paper);
  }
  drawHovered();
}

function drawHovered() {
  const row = state.hovered;
  if (row < 0 || kinds.has(row)) return;
  raise(row, raisedSide(pictureSide()) * 1.12, "hovered", dyes.ink, dyes.paper);
}

const DASHES = { both: [1, 0], raw: [7, 5], embedding: [2, 4] };

function join(graphics, [x, y], [toX, toY], kind, colour) {
  const length = Math.hypot(toX - x, toY - y);
  if (!length) return;
  const [on, off] = DASHES[kind];
  const step = off ? on + off : length;
  const [dx, dy] = [(toX - x) / length, (toY - y) / length];
  // Far beyond the edge nobody sees the dashes.
  for (let done = 0; done < Math.min(length, 4000); done += step) {
    const end = off ? Math.min(done + on, length) : length;
    graphics.moveTo(x + dx * done, y + dy * done).lineTo(x + dx * end, y + dy * end);
  }
  graphics.stroke({ width: kind === "both" ? 2.5 : 1.5, color: colour, alpha: kind === "both" ? 0.95 : 0.6 });
}

function raise(row, side, kind, colour, paper) {
  const [x, y] = seen(row);
  const [width, height] = shape(row, side);
  if (Math.abs(x - scene.size.width / 2) > scene.size.width || Math.abs(y - scene.size.height / 2) > scene.size.height) return;
  const thick = { chosen: 4, both: 3.5, raw: 1.5, embedding: 1.5, hovered: 1.5 }[kind];
  const box = new PIXI.Graphics();
  box.rect(x - width / 2 - thick - 1.5, y - height / 2 - thick - 1.5, width + 2 * thick + 3, height + 2 * thick + 3).fill(paper);
  outline(box, x, y, width + thick + 1, height + thick + 1, kind, thick, colour);
  const picture = new PIXI.Sprite(textureOf(row));
  picture.anchor.set(0.5);
  picture.position.set(x, y);
  picture.setSize(width, height);
  if (picture.texture === PIXI.Texture.WHITE) picture.tint = given.colours[row];
  above.addChild(box, picture);
}

function outline(box, x, y, width, height, kind, thick, colour) {
  const [left, top, right, bottom] = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
  const [on, off] = DASHES[kind] ?? [1, 0];
  if (!off) return box.rect(left, top, width, height).stroke({ width: thick, color: colour });
  for (const [a, b, c, d] of [[left, top, right, top], [right, top, right, bottom], [right, bottom, left, bottom], [left, bottom, left, top]]) {
    const length = Math.hypot(c - a, d - b);
    for (let done = 0; done < length; done += on + off) {
      const [from, to] = [done / length, Math.min(done + on, length) / length];
      box.moveTo(a + (c - a) * from, b + (d - b) * from).lineTo(a + (c - a) * to, b + (d - b) * to);
    }
  }
  return box.stroke({ width: thick, color: colour });
}

let textures = new Map();
const textureOf = (row) => textures.get(row) ?? PIXI.Texture.WHITE;

// Pictures become textures here, a sheet at a time; until then their mean colours stand for them.
const GAP = 2;

async function loadPictures(told) {
  const limit = renderer.gl?.getParameter(renderer.gl.MAX_TEXTURE_SIZE) ?? 4096;
  const edge = Math.min(limit, small ? 2048 : 4096);
  const side = pictureLimit();
  const cell = side + 2 * GAP;
  const columns = Math.floor(edge / cell);
  // The first cell is white: frames are cut from it.
  const each = columns * columns - 1;
  const rest = scene.sheets[0];
  for (let start = 0; start < total; start += each) {
    const rows = order.slice(start, start + each);
    const source = await paintSheet(rows, cell, columns, side, (done) => told(start + done));
    const white = new PIXI.Texture({ source: source.source, frame: new PIXI.Rectangle(1, 1, 8, 8) });
    for (const [row, [x, y, width, height]] of source.frames) {
      textures.set(row, new PIXI.Texture({ source: source.source, frame: new PIXI.Rectangle(x, y, width, height) }));
    }
    const sheet = new Sheet(rows, source.source, (row) => textures.get(row) ?? white, white);
    rest.rows = order.slice(start + each);
    rest.arrange();
    scene.sheets.splice(scene.sheets.length - 1, 0, sheet);
    // What has its pictures lies above what has not.
    world.removeChildren();
    world.addChild(rest.container, ...scene.sheets.slice(0, -1).map((ready) => ready.container));
    rows.forEach((row, at) => (heights[row] = start + at));
    redraw();
  }
  scene.sheets = scene.sheets.filter((sheet) => sheet.rows.length);
  redraw();
}

/** Pixels of a cell: as stored, or half of it on a phone with many paintings. */
function pictureLimit() {
  const stored = Math.max(16, ...Array.from({ length: Math.min(total, 200) }, (_, i) => longerSide(Math.floor((i * total) / Math.min(total, 200)))));
  return small && total * stored * stored > 2 * 2048 ** 2 ? Math.ceil(stored / 2) : stored;
}

/** The longer side of a stored picture, which the head of its file tells. */
function longerSide(row) {
  const head = given.pictures[row] ? bytes(given.pictures[row].slice(0, 40)) : [];
  const kind = String.fromCharCode(...head.slice(12, 16));
  if (kind === "VP8 ") return Math.max((head[26] | (head[27] << 8)) & 0x3fff, (head[28] | (head[29] << 8)) & 0x3fff);
  return 0;
}

async function paintSheet(rows, cell, columns, side, told) {
  const sheet = document.createElement("canvas");
  const used = Math.min(columns, rows.length + 1);
  sheet.width = used * cell;
  sheet.height = Math.ceil((rows.length + 1) / used) * cell;
  const brush = sheet.getContext("2d", { willReadFrequently: true });
  brush.fillStyle = "#fff";
  brush.fillRect(0, 0, cell, cell);
  const frames = new Map();
  const BATCH = 64;
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.subarray(start, start + BATCH);
    const decoded = await Promise.all(Array.from(batch, decode));
    decoded.forEach((picture, at) => {
      if (!picture) return;
      const place = start + at + 1;
      const [x, y] = [(place % used) * cell + GAP, Math.floor(place / used) * cell + GAP];
      const shrink = Math.min(1, side / Math.max(picture.width, picture.height));
      const [width, height] = [Math.max(1, Math.round(picture.width * shrink)), Math.max(1, Math.round(picture.height * shrink))];
      // Drawn a little larger first, so that what is beyond the edge looks like the edge.
      brush.drawImage(picture, x - GAP, y - GAP, width + 2 * GAP, height + 2 * GAP);
      brush.drawImage(picture, x, y, width, height);
      picture.close();
      frames.set(batch[at], [x, y, width, height]);
    });
    told(start + batch.length);
  }
  const source = new PIXI.CanvasSource({ resource: sheet, autoGenerateMipmaps: true, scaleMode: "linear", autoGarbageCollect: false });
  return { source, frames };
}

async function decode(row) {
  if (!given.pictures[row]) return null;
  try {
    return await createImageBitmap(new Blob([bytes(given.pictures[row])], { type: "image/webp" }));
  } catch {
    return null;
  }
}
