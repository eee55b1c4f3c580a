// The map in PixiJS: two particles a painting (a frame and a picture), and a layer above for raised pictures.

const canvas = byId("map");
const small = matchMedia("(pointer: coarse)").matches || Math.min(screen.width, screen.height) < 700;

// A random order from a fixed seed, so that no artist is on top because of a name.
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
  ready: false,
};

// Software rendering is slow, so without a graphics card the map is drawn coarsely while it moves.
const fine = Math.min(devicePixelRatio || 1, 2);
const FLUID = 25; // milliseconds between two frames
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

/** The paintings whose pictures share one texture. */
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

  /** Filtered-out paintings below, then the others in the common order, each picture on its frame. */
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
      // Raised pictures are drawn in their own layer.
      picture.alpha = kinds.has(row) ? 0 : shown[row] ? 1 : 0.07;
      const colour = frameColour(row);
      if (colour === null) continue;
      this.frames.get(row).tint = colour;
      this.frames.get(row).alpha = kinds.has(row) ? 0 : 1;
    }
    this.measure();
  }

  /** Update sizes and positions; the container's matrix does the rest. */
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

/** Pixels a unit of the map. */
const pixelsPerUnit = (zoom = scene.camera.zoom) => 0.44 * Math.min(scene.size.width, scene.size.height * 1.25) * zoom;

/** Pixels of a picture's longer side. It grows more slowly than distances, so zooming in separates pictures. */
function pictureSide(zoom = scene.camera.zoom) {
  const most = Math.min(230, 0.5 * Math.min(scene.size.width, scene.size.height));
  // On the grid it stays within its cell.
  if (state.place === "grid") return Math.min(0.84 * cell * pixelsPerUnit(zoom), most);
  const area = scene.size.width * scene.size.height;
  const whole = Math.max(8, Math.min(64, Math.sqrt((0.45 * area) / total)));
  return Math.min(whole * zoom ** 0.72, most);
}

function frameWidth(side) {
  if (state.colour === "") return 0;
  return state.place === "grid" ? 0.09 * side : Math.max(1.5, Math.min(5, side * 0.09));
}

function shape(row, side) {
  return ratios[row] > 1 ? [side, side / ratios[row]] : [side * ratios[row], side];
}

/** Centre of a painting on the canvas. */
function onCanvas(row) {
  const scale = pixelsPerUnit();
  return [
    (scene.at[2 * row] - scene.camera.x) * scale + scene.size.width / 2,
    (scene.at[2 * row + 1] - scene.camera.y) * scale + scene.size.height / 2,
  ];
}

/** The topmost painting at a point of the canvas; -1 if there is none. */
function paintingAt(x, y, reach = 0) {
  const side = pictureSide();
  let found = -1;
  const top = (row) => (kinds.has(row) ? total : 0) + heights[row];
  for (let row = 0; row < total; row++) {
    if (!shown[row] && !kinds.has(row)) continue;
    const [px, py] = seen(row);
    const [width, height] = shape(row, kinds.has(row) ? raisedSide(row) : side);
    if (Math.abs(x - px) > width / 2 + reach || Math.abs(y - py) > height / 2 + reach) continue;
    if (found < 0 || top(row) > top(found)) found = row;
  }
  return found;
}

// Stacking order of a painting: sheets are stacked.
const heights = new Float64Array(ranks);

function resize() {
  const { clientWidth: width, clientHeight: height } = canvas;
  // Also called when a panel opens; an unchanged size must not stop a flight that has begun since.
  if (!renderer || !width || !height || (width === scene.size.width && height === scene.size.height)) return;
  scene.size = { width, height };
  renderer.resize(width, height, pace.coarse ? fine / 2 : fine);
  remeasure();
  if (state.selected >= 0 && scene.ready) fly(fittingView());
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

// WebGL discards a frame after display, but printing needs it later.
addEventListener("beforeprint", () => renderer?.render(stage));

let dirty = false;
let stale = false;

/** Draw at the next frame. */
function redraw() {
  if (dirty || !renderer) return;
  dirty = true;
  requestAnimationFrame(draw);
}

/** Call after sizes or positions change. */
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
  drawRegions();
  drawAxis();
  renderer.render(stage);
}

/** Call after the filter or the colours change. */
function rearrange() {
  filter();
  for (const sheet of scene.sheets) sheet.arrange();
  redraw();
}

let textures = new Map();
const textureOf = (row) => textures.get(row) ?? PIXI.Texture.WHITE;

// Pictures are uploaded as textures one sheet at a time; until then paintings show their mean colour.
const GAP = 2;

async function loadPictures(told) {
  const limit = renderer.gl?.getParameter(renderer.gl.MAX_TEXTURE_SIZE) ?? 4096;
  const edge = Math.min(limit, small ? 2048 : 4096);
  const side = pictureLimit();
  const cell = side + 2 * GAP;
  const columns = Math.floor(edge / cell);
  // The first cell is white and serves as the texture of frames.
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
    // Sheets with pictures are above sheets without.
    world.removeChildren();
    world.addChild(rest.container, ...scene.sheets.slice(0, -1).map((ready) => ready.container));
    rows.forEach((row, at) => (heights[row] = start + at));
    redraw();
  }
  scene.sheets = scene.sheets.filter((sheet) => sheet.rows.length);
  redraw();
}

/** Pixels of a cell: the stored size, or half of it on a phone with many paintings. */
function pictureLimit() {
  const stored = Math.max(16, ...Array.from({ length: Math.min(total, 200) }, (_, i) => longerSide(Math.floor((i * total) / Math.min(total, 200)))));
  return small && total * stored * stored > 2 * 2048 ** 2 ? Math.ceil(stored / 2) : stored;
}

/** Longer side of a stored picture, from the header of its file. */
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
      // Drawn slightly larger first, so that filtering at the edges repeats the edge colour.
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
