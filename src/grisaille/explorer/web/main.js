// What the reader does: choosing, filtering, moving, and the address that remembers it.

/** Choose a painting, or none (-1). `look` brings it into view, `close` goes near. */
function select(row, { look = false, close = false } = {}) {
  state.selected = row;
  choose(row);
  fillPanel();
  // The panel takes room from the map, which flights must know.
  resize();
  hover(-1);
  if (row >= 0) {
    said.textContent = `${titleOf(row)}, by ${artistOf(row).name}. ${panel.querySelector(".verdict").textContent}`;
    if (look) bringIntoView(row, close);
  }
  redraw();
  remember();
  dispatchEvent(new CustomEvent("grisaille:selected", { detail: row < 0 ? null : given.names[row] }));
}

function hover(row, x = 0, y = 0) {
  const changed = state.hovered !== row;
  state.hovered = row;
  canvas.classList.toggle("over", row >= 0);
  hint.hidden = row < 0 || !x;
  if (!hint.hidden) {
    if (changed) hint.replaceChildren(...[titleOf(row), byline(row)].filter(Boolean));
    const left = Math.min(x + 14, scene.size.width - hint.offsetWidth - 6);
    const top = y + 18 + hint.offsetHeight > scene.size.height ? y - hint.offsetHeight - 10 : y + 18;
    hint.style.translate = `${Math.max(4, left)}px ${top}px`;
  }
  if (changed) redraw();
}

const hint = byId("hint");
const said = byId("said");
const legend = byId("legend");
const choices = { artist: byId("artist"), movement: byId("movement"), colour: byId("colour"), place: byId("place"), likeness: byId("likeness") };

/** Show only some: each of artist and movement may be -1 for all. */
function setFilter(wanted) {
  Object.assign(state, wanted);
  settle();
  remember();
}

/** Everything that follows from the state, anew. */
function settle() {
  rearrange();
  const visible = shown.reduce((sum, one) => sum + one, 0);
  const all = `${thousands(total)} painting${total === 1 ? "" : "s"}`;
  const artists = given.artists.length;
  byId("count").textContent =
    visible < total ? `${thousands(visible)} of ${all}` : `${all} by ${artists} artist${artists === 1 ? "" : "s"}`;
  for (const name of ["artist", "movement"]) {
    choices[name].value = state[name] < 0 ? "" : String(state[name]);
    choices[name].classList.toggle("set", state[name] >= 0);
  }
  choices.colour.value = state.colour;
  for (const name of ["place", "likeness"]) if (choices[name]) choices[name].value = state[name];
  byId("spread").checked = state.spread;
  byId("more").classList.toggle("set", filtered());
  fillYears();
  showAxis();
  fillLegend();
}

function countBy(member) {
  const counts = new Map();
  for (let row = 0; row < total; row++) {
    for (const number of member(row)) counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
}

const perArtist = countBy((row) => [given.artist[row]]);
const perMovement = countBy((row) => given.movements[row]);

function fillChoices() {
  choices.likeness?.append(...given.likenesses.map((name) => make("option", { value: name }, PLAIN[name])));
  given.artists.forEach((artist, number) => {
    choices.artist.append(make("option", { value: number }, `${artist.name} (${thousands(perArtist.get(number))})`));
  });
  given.movementNames.forEach((name, number) => {
    choices.movement.append(make("option", { value: number }, `${name} (${thousands(perMovement.get(number))})`));
  });
  choices.movement.closest("label").hidden = !given.movementNames.length;
  choices.colour.querySelector("[value=movement]").hidden = !given.movementNames.length;
}

function fillLegend() {
  legend.hidden = state.colour === "";
  if (state.colour === "silhouette") {
    const stops = [-REACH, 0, REACH].map(silhouetteColour).join(", ");
    legend.replaceChildren(
      make("strong", {}, "Silhouette"),
      make("div", { class: "scale", style: `background: linear-gradient(to right, ${stops})` }),
      make("div", { class: "ends" }, ...["nearer to another's", "0", "among its own"].map((words) => make("span", {}, words))),
    );
    return;
  }
  if (state.colour === "period") return legend.replaceChildren(...periods());
  const by = state.colour;
  const [names, counts] =
    by === "artist" ? [given.artists.map((artist) => artist.name), perArtist] : [given.movementNames, perMovement];
  legend.replaceChildren(
    ...names.map((name, number) =>
      make(
        "button",
        {
          "aria-pressed": String(state[by] === number),
          onclick: () => setFilter({ [by]: state[by] === number ? -1 : number }),
        },
        make("i", { style: `background: ${category(number, names.length)}` }),
        make("span", {}, name),
        make("span", { class: "number" }, thousands(counts.get(number) ?? 0)),
      ),
    ),
  );
}

// The camera.

const ZOOMS = [0.5, 400];

function zoomAt(factor, x = scene.size.width / 2, y = scene.size.height / 2) {
  const before = pixelsPerUnit();
  const zoom = Math.max(ZOOMS[0], Math.min(ZOOMS[1], scene.camera.zoom * factor));
  const [dx, dy] = [x - scene.size.width / 2, y - scene.size.height / 2];
  scene.camera.zoom = zoom;
  const after = pixelsPerUnit();
  scene.camera.x += dx / before - dx / after;
  scene.camera.y += dy / before - dy / after;
  remeasure();
}

function pan(dx, dy) {
  const scale = pixelsPerUnit();
  scene.camera.x = Math.max(-1.6, Math.min(1.6, scene.camera.x - dx / scale));
  scene.camera.y = Math.max(-1.6, Math.min(1.6, scene.camera.y - dy / scale));
  redraw();
}

let flight = 0;

/** Glide somewhere, or be there at once for those who want no motion. */
function fly(target, milliseconds = 420) {
  const from = { ...scene.camera };
  const to = { ...from, ...target };
  const mine = ++flight;
  const begun = performance.now();
  const step = (now) => {
    if (mine !== flight) return;
    const t = calm.matches ? 1 : Math.min(1, Math.max(0, now - begun) / milliseconds);
    const eased = t < 0.5 ? 2 * t * t : 1 - 2 * (1 - t) ** 2;
    scene.camera.zoom = from.zoom * (to.zoom / from.zoom) ** eased;
    scene.camera.x = from.x + (to.x - from.x) * eased;
    scene.camera.y = from.y + (to.y - from.y) * eased;
    remeasure();
    if (t < 1) requestAnimationFrame(step);
    else remember();
  };
  step(begun);
}

function wholeView() {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  const places = wantedPlaces();
  for (let row = 0; row < total; row++) {
    for (const axis of [0, 1]) {
      low[axis] = Math.min(low[axis], places[2 * row + axis]);
      high[axis] = Math.max(high[axis], places[2 * row + axis]);
    }
  }
  const unit = pixelsPerUnit() / scene.camera.zoom;
  const margin = pictureSide() / scene.camera.zoom ** 0.72 + 24;
  const room = [scene.size.width - margin, scene.size.height - margin];
  const zoom = Math.min(...[0, 1].map((axis) => room[axis] / Math.max(high[axis] - low[axis], 0.2) / unit));
  return { x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2, zoom: Math.max(ZOOMS[0], zoom) };
}

/** Fly only if the painting is not to be seen, or is to be seen close. */
function bringIntoView(row, close = false) {
  if (close) return fly(aroundNearest(row));
  const [x, y] = onCanvas(row);
  const margin = 40;
  const inside = x > margin && y > margin && x < scene.size.width - margin && y < scene.size.height - margin;
  if (!inside) fly({ x: scene.at[2 * row], y: scene.at[2 * row + 1], zoom: scene.camera.zoom });
}

/** Where a painting and all its nearest are seen from as near as can be. */
function aroundNearest(row) {
  const shown = [row, ...nearest(state.likeness, row)];
  const to = wantedPlaces();
  const margin = 70;
  const unit = pixelsPerUnit() / scene.camera.zoom;
  const [x, y] = [0, 1].map((axis) => {
    const places = shown.map((other) => to[2 * other + axis]);
    return { least: Math.min(...places), most: Math.max(...places) };
  });
  const fits = [[x, scene.size.width], [y, scene.size.height]].map(
    ([{ least, most }, side]) => (side - 2 * margin) / (unit * (most - least)),
  );
  return { x: (x.least + x.most) / 2, y: (y.least + y.most) / 2, zoom: Math.max(Math.min(1, wholeView().zoom), Math.min(6, ...fits)) };
}

let moving = 0;

/** Let all paintings glide to where they are wanted now. */
function movePaintings() {
  const from = Float32Array.from(scene.at);
  const to = wantedPlaces();
  const mine = ++moving;
  const begun = performance.now();
  const step = (now) => {
    if (mine !== moving) return;
    const t = calm.matches ? 1 : Math.min(1, Math.max(0, now - begun) / 600);
    const eased = 1 - (1 - t) ** 3;
    for (let at = 0; at < to.length; at++) scene.at[at] = from[at] + (to[at] - from[at]) * eased;
    remeasure();
    if (t < 1) requestAnimationFrame(step);
  };
  step(begun);
}

// The pointer: one drags, two pinch, a wheel zooms.

const fingers = new Map();
let travelled = 0;

const local = (event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

function span() {
  const [[x, y], [u, v]] = [...fingers.values()];
  return { apart: Math.hypot(x - u, y - v), middle: [(x + u) / 2, (y + v) / 2] };
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  canvas.setPointerCapture(event.pointerId);
  if (!fingers.size) travelled = 0;
  fingers.set(event.pointerId, local(event));
  flight += 1;
});

canvas.addEventListener("pointermove", (event) => {
  const at = local(event);
  const last = fingers.get(event.pointerId);
  if (!last) {
    if (event.pointerType !== "touch") hover(paintingAt(...at), ...at);
    return;
  }
  const before = fingers.size === 2 ? span() : null;
  fingers.set(event.pointerId, at);
  if (before) {
    const after = span();
    pan(after.middle[0] - before.middle[0], after.middle[1] - before.middle[1]);
    if (before.apart > 0) zoomAt(after.apart / before.apart, ...after.middle);
    travelled += 10;
  } else if (fingers.size === 1) {
    travelled += Math.hypot(at[0] - last[0], at[1] - last[1]);
    if (travelled > 4) {
      canvas.classList.add("held");
      hover(-1);
    }
    pan(at[0] - last[0], at[1] - last[1]);
  }
});

function letGo(event) {
  if (!fingers.delete(event.pointerId)) return;
  canvas.classList.remove("held");
  if (fingers.size) return;
  if (event.type === "pointerup" && travelled <= 4) {
    const row = paintingAt(...local(event), event.pointerType === "touch" ? 8 : 1);
    if (row >= 0 || state.selected >= 0) select(row);
  }
  remember();
}
canvas.addEventListener("pointerup", letGo);
canvas.addEventListener("pointercancel", letGo);
canvas.addEventListener("pointerleave", () => hover(-1));
canvas.addEventListener("dblclick", (event) => paintingAt(...local(event)) < 0 && zoomAt(2, ...local(event)));
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    flight += 1;
    const lines = event.deltaMode === 1 ? 16 : 1;
    const amount = Math.max(-240, Math.min(240, event.deltaY * lines));
    zoomAt(Math.exp(-amount * (event.ctrlKey ? 0.01 : 0.0016)), ...local(event));
    hover(-1);
    rememberSoon();
  },
  { passive: false },
);

// Keys.

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The next painting in a direction: near, and not far to the side. */
function next([dx, dy]) {
  const from = state.selected >= 0 ? onCanvas(state.selected) : [scene.size.width / 2, scene.size.height / 2];
  let best = -1;
  let least = Infinity;
  for (let row = 0; row < total; row++) {
    if (!shown[row] || row === state.selected) continue;
    const [x, y] = onCanvas(row);
    const [along, aside] = [(x - from[0]) * dx + (y - from[1]) * dy, Math.abs((x - from[0]) * dy - (y - from[1]) * dx)];
    const cost = state.selected < 0 ? Math.hypot(along, aside) : along > 0 && along >= aside * 0.5 ? along + 2 * aside : Infinity;
    if (cost < least) [best, least] = [row, cost];
  }
  return best;
}

const KEYS = {
  "+": () => zoomAt(1.35, ...middle()),
  "=": () => zoomAt(1.35, ...middle()),
  "-": () => zoomAt(1 / 1.35, ...middle()),
  0: () => fly(wholeView()),
  Enter: () => state.selected >= 0 && panel.focus(),
};

/** Zooming by key or button keeps the chosen painting where it is. */
const middle = () => (state.selected >= 0 ? onCanvas(state.selected) : [scene.size.width / 2, scene.size.height / 2]);

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const direction = DIRECTIONS[event.key];
  if (direction && event.shiftKey) pan(-direction[0] * 90, -direction[1] * 90);
  else if (direction) {
    const row = next(direction);
    if (row >= 0) select(row, { look: true });
  } else if (KEYS[event.key]) KEYS[event.key]();
  else return;
  rememberSoon();
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input:not([type=radio]), select") || byId("about").open || event.ctrlKey || event.metaKey) return;
  if (event.key === "/") query.focus();
  else if (event.key === "?") byId("about").showModal();
  else if (event.key === "Escape") {
    select(-1);
    canvas.focus();
  } else return;
  event.preventDefault();
});

// Buttons and choices.

byId("closer").onclick = () => zoomAt(1.6, ...middle());
byId("farther").onclick = () => zoomAt(1 / 1.6, ...middle());
byId("whole").onclick = () => fly(wholeView());
byId("help").onclick = () => byId("about").showModal();
byId("about").addEventListener("click", (event) => event.target === byId("about") && byId("about").close());
byId("more").onclick = (event) => {
  const open = byId("choices").classList.toggle("open");
  event.currentTarget.setAttribute("aria-expanded", String(open));
};
byId("reset").onclick = () => {
  const places = wantedPlaces();
  Object.assign(state, AT_FIRST);
  select(-1);
  settle();
  if (places !== wantedPlaces()) movePaintings();
  fly(wholeView());
};
for (const name of ["artist", "movement"]) {
  choices[name].onchange = (event) => setFilter({ [name]: event.target.value === "" ? -1 : Number(event.target.value) });
}
choices.colour.onchange = (event) => setFilter({ colour: event.target.value });
const place = (wanted) => {
  setFilter(wanted);
  movePaintings();
  fly(wholeView(), 600);
};

/** Other neighbours, and a map of their own; whoever had gone near to a painting stays near to it. */
function setLikeness(likeness) {
  const nearby = state.selected >= 0 && scene.camera.zoom > 1.5 * wholeView().zoom;
  setFilter({ likeness });
  choose(state.selected);
  fillNearest();
  movePaintings();
  fly(nearby ? aroundNearest(state.selected) : wholeView(), 600);
  if (state.selected >= 0) said.textContent = panel.querySelector(".verdict").textContent;
}
if (choices.likeness) choices.likeness.onchange = (event) => setLikeness(event.target.value);
if (choices.place) choices.place.onchange = (event) => place({ place: event.target.value });
byId("spread").onchange = (event) => place({ spread: event.target.checked });

// The address holds what is seen, so that a place can be kept or sent.

let timer = 0;
function rememberSoon() {
  clearTimeout(timer);
  timer = setTimeout(remember, 250);
}

function remember() {
  if (!started) return;
  clearTimeout(timer);
  const kept = new URLSearchParams();
  if (state.selected >= 0) kept.set("painting", given.names[state.selected]);
  if (state.artist >= 0) kept.set("artist", given.artists[state.artist].name);
  if (state.movement >= 0) kept.set("movement", given.movementNames[state.movement]);
  for (const name of ["from", "to"]) if (given.years && state[name] !== UNFILTERED[name]) kept.set(name, state[name]);
  if (!state.undated) kept.set("undated", "0");
  if (state.colour) kept.set("colour", state.colour);
  if (state.place !== "pca") kept.set("place", state.place);
  if (state.spread) kept.set("spread", "1");
  if (state.likeness !== given.likenesses[0]) kept.set("likeness", state.likeness);
  const { x, y, zoom } = scene.camera;
  kept.set("view", [x, y, zoom].map((value) => value.toFixed(3)).join(","));
  const address = `#${kept}`;
  if (address === location.hash) return;
  try {
    history.replaceState(null, "", address);
  } catch {
    // A browser that lets no file change its address keeps the old one.
  }
}

function recall() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const number = (names, name) => names.indexOf(kept.get(name));
  state.artist = number(given.artists.map((artist) => artist.name), "artist");
  state.movement = number(given.movementNames, "movement");
  recallYears(kept);
  const colours = ["artist", "movement", "silhouette", ...(given.years ? ["period"] : [])];
  state.colour = colours.includes(kept.get("colour")) ? kept.get("colour") : "";
  state.likeness = given.likenesses.includes(kept.get("likeness")) ? kept.get("likeness") : given.likenesses[0];
  state.place = measured[`${state.likeness} ${kept.get("place")}`] ? kept.get("place") : "pca";
  state.spread = kept.get("spread") === "1";
  moving += 1;
  scene.at.set(wantedPlaces());
  settle();
  const row = number(given.names, "painting");
  select(row);
  flight += 1;
  const view = (kept.get("view") ?? "").split(",").map(Number);
  const known = view.length === 3 && view.every(Number.isFinite) && view[2] > 0;
  Object.assign(scene.camera, known ? { x: view[0], y: view[1], zoom: view[2] } : wholeView());
  remeasure();
  if (!known && row >= 0) bringIntoView(row, true);
}

let started = false;

async function start() {
  // A page around this one has the name and the switch, too.
  document.documentElement.classList.toggle("embedded", parent !== window);
  switchTheme(byId("theme"), () => {
    mixColours();
    redraw();
  });
  fillChoices();
  prepareYears();
  try {
    await startScene();
  } catch (error) {
    console.warn(error);
    byId("loading").textContent = "This browser cannot draw the map (it has no WebGL).";
    return;
  }
  recall();
  started = true;
  addEventListener("hashchange", recall);
  const told = (done) => (byId("loading").textContent = done < total ? `${thousands(done)} of ${thousands(total)} pictures` : "");
  await loadPictures(told);
  document.documentElement.dataset.ready = "true";
}

// For whoever wants to lead the map from outside, as the studio and the tests do.
window.explorer = {
  select,
  started: () => started,
  state,
  shown,
  camera: scene.camera,
  rowOf: (name) => given.names.indexOf(name),
  /** The middle of a painting, in coordinates of the window. */
  where: (row) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = kinds.has(row) ? seen(row) : onCanvas(row);
    return [x + box.left, y + box.top];
  },
  at: paintingAt,
  drawn: () => scene.frames,
};

start();
