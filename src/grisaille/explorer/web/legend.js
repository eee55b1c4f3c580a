// The colour legend, and chips for highlighted and pinned items.

const legend = byId("legend");
const key = byId("key");
const TITLES = { artist: "Artists", movement: "Movements", period: "Years", silhouette: "Silhouette" };
// Folded on a phone, where it would cover the map.
legend.open = innerWidth > 720;

/** The colours in the window; artists and movements are buttons that highlight. */
function fillLegend() {
  legend.hidden = state.colour === "";
  if (legend.hidden) return;
  byId("key-title").textContent = TITLES[state.colour];
  const { number } = key.contains(document.activeElement) ? document.activeElement.dataset : {};
  const others = key.querySelector("details")?.open;
  key.replaceChildren(...{ silhouette: silhouettes, period: periods, artist: members, movement: members }[state.colour]());
  if (others) key.querySelector("details")?.setAttribute("open", "");
  if (number) key.querySelector(`[data-number="${number}"]`)?.focus();
}

function silhouettes() {
  const stops = [-REACH, 0, REACH].map(silhouetteColour).join(", ");
  return [
    make("div", { class: "scale", style: `background: linear-gradient(to right, ${stops})` }),
    make("div", { class: "ends" }, ...["nearer to another's", "0", "among its own"].map((words) => make("span", {}, words))),
  ];
}

function countBy(members, among = () => true) {
  const counts = new Map();
  for (let row = 0; row < total; row++) {
    if (among(row)) for (const number of members(row)) counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
}

/** Whether a painting is in the window and not filtered out. */
function inWindow(row) {
  const [x, y] = onCanvas(row);
  return shown[row] && x > 0 && y > 0 && x < scene.size.width && y < scene.size.height;
}

function members() {
  const { names } = GROUPS[state.colour];
  const counts = countBy((row) => [groupOf(row)], inWindow);
  const line = (name, number) => {
    const pressed = { "aria-pressed": String(state[state.colour].includes(number)), "data-number": number };
    const swatch = counts.has(number) ? `background: ${category(number, names.length)}` : "";
    const count = make("span", { class: "number" }, counts.has(number) ? thousands(counts.get(number)) : "");
    const onclick = () => setFilter({ [state.colour]: toggled(state[state.colour], number) });
    return make("button", { ...pressed, onclick }, make("i", { style: swatch }), make("span", {}, name), count);
  };
  const [here, elsewhere] = [true, false].map((wanted) => names.map(line).filter((_, number) => counts.has(number) === wanted));
  const none = make("div", { class: "without" }, make("i", { style: `background: ${UNKNOWN}` }), "of no movement");
  return [
    ...here,
    counts.has(undefined) ? none : "",
    elsewhere.length ? make("details", {}, make("summary", {}, `${elsewhere.length} not in view`), ...elsewhere) : "",
  ];
}

/** A removable chip for every highlighted item and for the pinned painting. */
function fillChosen() {
  const chip = (words, label, onclick) =>
    make("li", {}, make("button", { "aria-label": label, onclick }, words, make("span", { "aria-hidden": "true" }, " ×")));
  const chips = Object.entries(GROUPS).flatMap(([by, { names }]) =>
    state[by].map((number) =>
      chip(names[number], `No longer highlight ${names[number]}`, () => setFilter({ [by]: toggled(state[by], number) })),
    ),
  );
  const pinned = state.pinned < 0 ? [] : [chip(`Pinned: ${titleOf(state.pinned)}`, `Unpin ${titleOf(state.pinned)}`, () => pin(-1))];
  byId("chosen").replaceChildren(...chips, ...pinned);
}
