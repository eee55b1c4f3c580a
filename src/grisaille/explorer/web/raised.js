// Pictures raised above the others: the chosen painting, its nearest, and the one below the pointer.

// Row -> how it is near the chosen painting: "raw" in the full features, "embedding" by the likeness, or "both".
let kinds = new Map();

function choose(row) {
  kinds = new Map();
  if (row >= 0) {
    kinds.set(row, "chosen");
    const small = nearest(state.likeness, row);
    // The full features are compared by composition only.
    const raw = state.likeness === "composition" ? nearest("raw", row) : small;
    for (const other of raw) kinds.set(other, small.includes(other) ? "both" : "raw");
    for (const other of small) if (!kinds.has(other)) kinds.set(other, "embedding");
  }
  for (const sheet of scene.sheets) sheet.paint();
}

/** Pixels of the longer side of a raised picture, at least its size on the map. */
const raisedSide = (row, zoom) => Math.max(48, pictureSide(zoom)) * (kinds.get(row) === "chosen" ? 1.3 : 1);

/** Offsets that keep raised pictures apart at a zoom: row -> pixels. */
function steps(places, zoom) {
  const rows = [...kinds.keys()];
  const scale = pixelsPerUnit(zoom);
  const home = rows.map((row) => [scale * places[2 * row], scale * places[2 * row + 1]]);
  // Copies of one picture share a point and need different directions.
  const now = home.map(([x, y], i) => [x + Math.cos(i), y + Math.sin(i)]);
  const radii = rows.map((row) => 0.6 * raisedSide(row, zoom) + 3);
  for (let round = 0; round < 120; round++) push(now, radii, home);
  return new Map(rows.map((row, i) => [row, [now[i][0] - home[i][0], now[i][1] - home[i][1]]]));
}

// Cached by painting and zoom, since panning does not change the offsets.
let aside = { of: "", steps: new Map() };

function stepAside() {
  const of = [state.selected, state.likeness, pixelsPerUnit(), pictureSide(), scene.at[0], scene.at[total]].join();
  if (aside.of !== of) aside = { of, steps: steps(scene.at, scene.camera.zoom) };
  return aside.steps;
}

/** Push overlapping pairs apart, and pull all back a little; the first, the chosen one, stays. */
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

/** Displayed position of a painting, raised or not. */
function seen(row) {
  const [x, y] = onCanvas(row);
  const [dx, dy] = (kinds.has(row) && stepAside().get(row)) || [0, 0];
  return [x + dx, y + dy];
}
let dyes = {};

/** Colours of the style sheet, which depend on the theme. */
function mixColours() {
  const style = getComputedStyle(document.documentElement);
  dyes = Object.fromEntries(["ink", "mark", "paper", "wall"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function drawChosen() {
  lines.clear();
  above.removeChildren().forEach((child) => child.destroy());
  if (state.selected < 0) return drawHovered();
  const { ink, mark, paper } = dyes;
  const from = seen(state.selected);
  const veil = new PIXI.Graphics().rect(0, 0, scene.size.width, scene.size.height).fill({ color: dyes.wall, alpha: 0.55 });
  above.addChild(veil);
  const joined = new PIXI.Graphics();
  above.addChild(joined);
  for (const [row, kind] of kinds) {
    if (kind !== "chosen") join(joined, from, seen(row), kind, kind === "both" ? mark : ink);
  }
  // Draw the chosen one last, above its neighbours, and neighbours in both spaces above the others.
  const height = { embedding: 0, raw: 1, both: 2, chosen: 3 };
  for (const [row, kind] of [...kinds].sort((a, b) => height[a[1]] - height[b[1]])) {
    raise(row, raisedSide(row), kind, kind === "both" ? mark : ink, paper);
  }
  drawHovered();
}

function drawHovered() {
  const row = state.hovered;
  if (row < 0 || kinds.has(row)) return;
  raise(row, 1.12 * raisedSide(row), "hovered", dyes.ink, dyes.paper);
}

const DASHES = { both: [1, 0], raw: [7, 5], embedding: [2, 4] };

function join(graphics, [x, y], [toX, toY], kind, colour) {
  const length = Math.hypot(toX - x, toY - y);
  if (!length) return;
  const [on, off] = DASHES[kind];
  const step = off ? on + off : length;
  const [dx, dy] = [(toX - x) / length, (toY - y) / length];
  // Dashes far outside the window are skipped.
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

