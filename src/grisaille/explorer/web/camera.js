// The camera.

const ZOOMS = [0.5, 400];

/** Moved by hand, without animation. */
function zoomAt(factor, x = scene.size.width / 2, y = scene.size.height / 2) {
  land();
  const before = pixelsPerUnit();
  const zoom = Math.max(ZOOMS[0], Math.min(ZOOMS[1], scene.camera.zoom * factor));
  const [dx, dy] = [x - scene.size.width / 2, y - scene.size.height / 2];
  scene.camera.zoom = zoom;
  const after = pixelsPerUnit();
  scene.camera.x += dx / before - dx / after;
  scene.camera.y += dy / before - dy / after;
  remeasure();
  restSoon();
}

/** Zoomed by hand, without animation. */
function pan(dx, dy) {
  land();
  const scale = pixelsPerUnit();
  scene.camera.x = Math.max(-1.6, Math.min(1.6, scene.camera.x - dx / scale));
  scene.camera.y = Math.max(-1.6, Math.min(1.6, scene.camera.y - dy / scale));
  redraw();
  restSoon();
}

let flight = 0;
// Target of the current camera flight; null at rest.
let goal = null;

/** Stop the current flight. */
function land() {
  flight += 1;
  goal = null;
}

/** Animate: call with progress from 0 to 1 until done or until `gone` returns true; with reduced motion, only with 1. */
function glide(milliseconds, gone, step) {
  const begun = performance.now();
  const next = (now) => {
    if (gone()) return;
    const share = calm.matches || !started ? 1 : Math.min(1, Math.max(0, now - begun) / milliseconds);
    step(share);
    if (share < 1) requestAnimationFrame(next);
  };
  next(begun);
}

/** Move the camera. */
function fly(to, milliseconds = 420) {
  land();
  goal = to;
  const from = { ...scene.camera };
  const mine = flight;
  glide(milliseconds, () => mine !== flight, (share) => {
    const eased = share < 0.5 ? 2 * share * share : 1 - 2 * (1 - share) ** 2;
    scene.camera.zoom = from.zoom * (to.zoom / from.zoom) ** eased;
    scene.camera.x = from.x + (to.x - from.x) * eased;
    scene.camera.y = from.y + (to.y - from.y) * eased;
    remeasure();
    if (share < 1) return;
    goal = null;
    rest();
  });
}

/** Fit all paintings. */
function wholeView() {
  const [low, high] = bounds(wantedPlaces());
  const margin = pictureSide(1) + 24;
  const room = [scene.size.width - margin, scene.size.height - margin];
  const zoom = Math.min(...[0, 1].map((axis) => room[axis] / Math.max(high[axis] - low[axis], 0.2) / pixelsPerUnit(1)));
  return { x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2, zoom: Math.max(ZOOMS[0], zoom) };
}

// Beyond this zoom the surroundings of the chosen painting are out of view.
const CLOSE = 12;
// Margin around raised pictures.
const MARGIN = 20;

/** Pixels at the left and right of the window that the legend and the buttons cover. */
function besides() {
  const wide = !legend.hidden && legend.open && scene.size.width > 700;
  return { left: wide ? legend.offsetWidth : 0, right: 52 };
}

/** Fit the chosen painting and all its nearest into the window. */
function aroundNearest() {
  const least = Math.min(1, wholeView().zoom);
  const { left, right } = besides();
  const room = [scene.size.width - 2 * MARGIN - left - right, scene.size.height - 2 * MARGIN];
  for (let zoom = CLOSE; ; zoom /= 1.08) {
    const [low, high] = extent(zoom);
    if (zoom > least && [0, 1].some((axis) => high[axis] - low[axis] > room[axis])) continue;
    const [x, y] = [0, 1].map((axis) => (low[axis] + high[axis] + (axis ? 0 : right - left)) / 2 / pixelsPerUnit(zoom));
    return { x, y, zoom };
  }
}

/** Bounding box of all raised pictures at a zoom, in pixels from the centre of the map. */
function extent(zoom) {
  const places = wantedPlaces();
  const scale = pixelsPerUnit(zoom);
  const edges = [...steps(places, zoom)].flatMap(([row, step]) => {
    const half = raisedSide(row, zoom) / 2 + 6;
    const [x, y] = [0, 1].map((axis) => scale * places[2 * row + axis] + step[axis]);
    return [x - half, y - half, x + half, y + half];
  });
  return bounds(edges);
}

/** Fit the chosen painting and its nearest, or else all paintings. */
const fittingView = () => (state.selected < 0 ? wholeView() : aroundNearest());

let moving = 0;
let gliding = false;

/** Animate all paintings to their current positions. */
function movePaintings() {
  const from = Float32Array.from(scene.at);
  const to = wantedPlaces();
  const mine = ++moving;
  glide(600, () => mine !== moving, (share) => {
    gliding = share < 1;
    const eased = 1 - (1 - share) ** 3;
    for (let at = 0; at < to.length; at++) scene.at[at] = from[at] + (to[at] - from[at]) * eased;
    remeasure();
    if (!gliding) fillLegend();
  });
}
