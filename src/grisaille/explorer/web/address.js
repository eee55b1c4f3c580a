// The URL holds the current view, so that a view can be saved or shared, and the history moves between paintings.

let started = false;
let timer = 0;
// The painting of the current history entry.
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

/** Choosing another painting adds a history entry; inside the studio, the outer page adds it. */
function remember() {
  if (!started) return;
  const address = written();
  const another = state.selected !== stepOf && parent === window;
  stepOf = state.selected;
  if (address === location.hash) return;
  try {
    history[another ? "pushState" : "replaceState"](null, "", address);
  } catch {
    // Some browsers do not let local files change their URL.
  }
}

/** Apply everything in the URL. */
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
  // Both before any animation, so that the history entry stays the same.
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
  // Inside the studio, the outer page has the name and the theme switch.
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

// Interface for code that controls the map from outside, such as the studio and the tests.
window.explorer = {
  select,
  started: () => started,
  state,
  shown,
  camera: scene.camera,
  rowOf: (name) => given.names.indexOf(name),
  /** Centre of a painting in window coordinates. */
  where: (row) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = seen(row);
    return [x + box.left, y + box.top];
  },
  at: paintingAt,
  /** Whether everything is drawn at full resolution. */
  atRest: () => !dirty && !pace.coarse,
};

start();
