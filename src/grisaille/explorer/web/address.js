// The address holds what is seen, so that a place can be kept or sent, and that back and forward lead from painting to painting.

let started = false;
let timer = 0;
// The painting of this step of the history.
let stepOf = -1;

/** Once the camera rests. */
function rest() {
  clearTimeout(timer);
  fillLegend();
  remember();
}

function restSoon() {
  clearTimeout(timer);
  timer = setTimeout(rest, 250);
}

function written() {
  const kept = new URLSearchParams();
  if (state.selected >= 0) kept.set("painting", given.names[state.selected]);
  if (state.pinned >= 0) kept.set("pinned", given.names[state.pinned]);
  for (const [by, { names }] of Object.entries(GROUPS)) for (const number of state[by]) kept.append(by, names[number]);
  for (const name of ["from", "to"]) if (given.years && state[name] !== UNFILTERED[name]) kept.set(name, state[name]);
  if (!state.undated) kept.set("undated", "0");
  if (state.colour) kept.set("colour", state.colour);
  if (state.place !== "pca") kept.set("place", state.place);
  if (state.spread) kept.set("spread", "1");
  if (state.likeness !== given.likenesses[0]) kept.set("likeness", state.likeness);
  const { x, y, zoom } = goal ?? scene.camera;
  kept.set("view", [x, y, zoom].map((value) => value.toFixed(3)).join(","));
  return `#${kept}`;
}

/** Another painting is a step that the back button takes back; a page around this one has steps of its own. */
function remember() {
  if (!started) return;
  const address = written();
  const another = state.selected !== stepOf && parent === window;
  stepOf = state.selected;
  if (address === location.hash) return;
  try {
    history[another ? "pushState" : "replaceState"](null, "", address);
  } catch {
    // A browser that lets no file change its address keeps the old one.
  }
}

/** All that the address says. */
function recall() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const places = wantedPlaces();
  const number = (names, name) => names.indexOf(kept.get(name));
  for (const [by, { names }] of Object.entries(GROUPS)) {
    state[by] = [...new Set(kept.getAll(by).map((name) => names.indexOf(name)))].filter((number) => number >= 0);
  }
  recallYears(kept);
  const colours = ["artist", "movement", "silhouette", ...(given.years ? ["period"] : [])];
  state.colour = colours.includes(kept.get("colour")) ? kept.get("colour") : "";
  state.likeness = given.likenesses.includes(kept.get("likeness")) ? kept.get("likeness") : given.likenesses[0];
  state.place = measured[`${state.likeness} ${kept.get("place")}`] ? kept.get("place") : "pca";
  state.spread = kept.get("spread") === "1";
  state.pinned = number(given.names, "pinned");
  // Both before anything flies, so that this step stays the one it is.
  state.selected = stepOf = number(given.names, "painting");
  comparing.close();
  settle();
  show(stepOf);
  if (places !== wantedPlaces()) movePaintings();
  const view = (kept.get("view") ?? "").split(",").map(Number);
  const known = view.length === 3 && view.every(Number.isFinite) && view[2] > 0;
  fly(known ? { x: view[0], y: view[1], zoom: view[2] } : fittingView());
}

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
  addEventListener("popstate", recall);
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
    const [x, y] = seen(row);
    return [x + box.left, y + box.top];
  },
  at: paintingAt,
  /** Everything is drawn, and finely. */
  atRest: () => !dirty && !pace.coarse,
};

start();
