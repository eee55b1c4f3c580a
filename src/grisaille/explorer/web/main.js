// Input: selection, filters and movement by pointer, keys and buttons.

/** Choose a painting, or none (-1), and fit it and its nearest into the view. */
function select(row) {
  show(row);
  if (row >= 0) fly(aroundNearest());
  remember();
  dispatchEvent(new CustomEvent("grisaille:selected", { detail: row < 0 ? null : given.names[row] }));
}

/** Draw and describe the chosen painting, or none, without moving the camera. */
function show(row) {
  state.selected = row;
  choose(row);
  fillPanel();
  // The panel takes space from the map, so flights start afterwards.
  resize();
  hover(-1);
  if (row >= 0) said.textContent = `${titleOf(row)}, by ${artistOf(row).name}. ${panel.querySelector(".verdict").textContent}`;
  redraw();
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
const choices = { artist: byId("artist"), movement: byId("movement"), colour: byId("colour"), place: byId("place"), likeness: byId("likeness") };

/** Change filters or colours. */
function setFilter(wanted) {
  Object.assign(state, wanted);
  settle();
  said.textContent = byId("count").textContent;
  remember();
}

/** Toggle a number in a list. */
const toggled = (list, number) => (list.includes(number) ? list.filter((other) => other !== number) : [...list, number]);

// The page itself knows how many artists are known.
const counted = byId("count").textContent;

/** Update everything that depends on the state. */
function settle() {
  rearrange();
  const visible = shown.reduce((sum, one) => sum + one, 0);
  byId("count").textContent =
    visible < total ? `${thousands(visible)} of ${thousands(total)} painting${total === 1 ? "" : "s"}` : counted;
  for (const by of Object.keys(GROUPS)) {
    const several = choices[by].querySelector("[value=several]");
    several.textContent = `${state[by].length} ${by}s`;
    choices[by].value = state[by].length > 1 ? "several" : (state[by][0] ?? "");
    choices[by].classList.toggle("set", state[by].length > 0);
  }
  choices.colour.value = state.colour;
  for (const name of ["place", "likeness"]) if (choices[name]) choices[name].value = state[name];
  byId("spread").checked = state.spread;
  byId("spread").disabled = state.place === "grid";
  byId("more").classList.toggle("set", filtered());
  fillYears();
  showAxis();
  fillChosen();
  fillLegend();
}

function fillChoices() {
  choices.likeness?.append(...given.likenesses.map((name) => make("option", { value: name }, PLAIN[name])));
  for (const [by, { names, of }] of Object.entries(GROUPS)) {
    const counts = countBy(of);
    const offers = names.map((name, number) => make("option", { value: number }, `${name} (${thousands(counts.get(number) ?? 0)})`));
    choices[by].append(make("option", { value: "several", hidden: true }), ...offers);
  }
  choices.movement.closest("label").hidden = !given.movementNames.length;
  choices.colour.querySelector("[value=movement]").hidden = !given.movementNames.length;
}

// Pointer: one drags, two pinch, the wheel zooms.

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
  land();
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
  if (fingers.size || event.type !== "pointerup" || travelled > 4) return;
  const row = paintingAt(...local(event), event.pointerType === "touch" ? 8 : 1);
  if (row >= 0 || state.selected >= 0) select(row);
}
canvas.addEventListener("pointerup", letGo);
canvas.addEventListener("pointercancel", letGo);
canvas.addEventListener("pointerleave", () => hover(-1));
canvas.addEventListener("dblclick", (event) => paintingAt(...local(event)) < 0 && zoomAt(2, ...local(event)));
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const amount = Math.max(-240, Math.min(240, event.deltaY * lines));
    zoomAt(Math.exp(-amount * (event.ctrlKey ? 0.01 : 0.0016)), ...local(event));
    hover(-1);
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
  Enter: () => panel.focus(),
  "/": () => query.focus(),
  "?": () => byId("about").showModal(),
  Escape: () => {
    select(-1);
    canvas.focus();
  },
};

/** Zoom by key or button, with the chosen painting fixed. */
const middle = () => (state.selected >= 0 ? onCanvas(state.selected) : [scene.size.width / 2, scene.size.height / 2]);

/** Whether a key applies at the current focus: fields take all keys, the panel scrolls, buttons are pressed. */
function taken({ key, target }) {
  if (document.querySelector("dialog[open]")) return true;
  if (target.matches("select, input:not([type=radio], [type=checkbox], [type=range])")) return true;
  if (key in DIRECTIONS) return target.closest("select, input:not([type=checkbox]), #panel") !== null;
  return key === "Enter" && (state.selected < 0 || ![canvas, document.body].includes(target));
}

// Keys work at any focus, so the map need not be focused first.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || taken(event)) return;
  const direction = DIRECTIONS[event.key];
  if (direction && event.shiftKey) pan(-direction[0] * 90, -direction[1] * 90);
  else if (direction) {
    const row = next(direction);
    if (row >= 0) select(row);
  } else if (Object.hasOwn(KEYS, event.key)) KEYS[event.key]();
  else return;
  event.preventDefault();
});

// Buttons and choices.

byId("closer").onclick = () => zoomAt(1.6, ...middle());
byId("farther").onclick = () => zoomAt(1 / 1.6, ...middle());
byId("whole").onclick = () => fly(wholeView());
byId("help").onclick = () => byId("about").showModal();
for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
byId("more").onclick = (event) => {
  const open = byId("choices").classList.toggle("open");
  event.currentTarget.setAttribute("aria-expanded", String(open));
};
byId("reset").onclick = () => {
  const places = wantedPlaces();
  Object.assign(state, AT_FIRST, { pinned: -1 });
  select(-1);
  settle();
  if (places !== wantedPlaces()) movePaintings();
  fly(wholeView());
};
for (const by of Object.keys(GROUPS)) {
  choices[by].onchange = ({ target: { value } }) => setFilter({ [by]: value === "" ? [] : [...new Set([...state[by], Number(value)])] });
}
choices.colour.onchange = (event) => setFilter({ colour: event.target.value });
const place = (wanted) => {
  setFilter(wanted);
  movePaintings();
  fly(fittingView(), 600);
};

/** Switch to another likeness, with its neighbours and its map. */
function setLikeness(likeness) {
  setFilter({ likeness });
  choose(state.selected);
  fillNearest();
  movePaintings();
  fly(fittingView(), 600);
  if (state.selected >= 0) said.textContent = panel.querySelector(".verdict").textContent;
}
if (choices.likeness) choices.likeness.onchange = (event) => setLikeness(event.target.value);
if (choices.place) choices.place.onchange = (event) => place({ place: event.target.value });
byId("spread").onchange = (event) => place({ spread: event.target.checked });
