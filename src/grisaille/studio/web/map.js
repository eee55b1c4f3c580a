// The explorer in a frame: its selection and the picture here follow each other.

import { lookFrom } from "./cards.js";
import { loaded } from "./ask.js";
import { about, change, isOwn, state } from "./state.js";

const section = byId("map-view");
let frame = null;

export function drawMap() {
  const open = state.view === "map";
  section.hidden = !open;
  if (!open) return;
  if (!about.collection.map) return explain();
  if (!frame) begin();
  else requestAnimationFrame(follow);
}

function explain() {
  frame = null;
  section.replaceChildren(
    make(
      "div",
      { class: "missing" },
      make("h2", {}, "This run has no map yet"),
      make("p", {}, "Create one with this command:"),
      make("p", {}, make("code", {}, "kedro run --pipelines discovery")),
      make("button", { type: "button", onclick: () => loaded().then(drawMap, () => {}) }, "Look again"),
    ),
  );
}

function begin() {
  const selected = state.picture && !isOwn(state.picture) ? `#${new URLSearchParams({ painting: state.picture })}` : "";
  // The map itself holds only small pictures.
  frame = make("iframe", { src: `map${selected}`, title: "Map of paintings", "data-pictures": "thumbnails/{}?side=2048" });
  frame.addEventListener("load", () => {
    frame.contentWindow.addEventListener("grisaille:selected", ({ detail }) => {
      if (detail && detail !== state.picture && state.view === "map") lookFrom(detail);
    });
  });
  section.replaceChildren(frame);
}

/** Show the current picture on the map. */
function follow() {
  const explorer = frame?.contentWindow?.explorer;
  if (!explorer?.started?.() || !state.picture || isOwn(state.picture)) return;
  const row = explorer.rowOf(state.picture);
  if (row >= 0 && row !== explorer.state.selected) explorer.select(row);
}

/** Show the map and focus it, so that its keys work. */
export function toMap() {
  change({ view: "map", of: "", open: "", pair: [] });
  frame?.focus();
}
