// A path from the picture to another painting, through paintings that are alike.

import { Latest, Progress, given, json } from "./ask.js";
import { see, words } from "./cards.js";
import { findPaintings, paintingLine } from "./search.js";
import { describe, learn, titleOf, withNames } from "./pictures.js";
import { change, likeness, state } from "./state.js";

const section = byId("path");
const newest = new Latest();
let shown = "";

export async function drawPath() {
  section.hidden = state.view !== "path" || !state.picture;
  if (section.hidden) {
    newest.stop();
    shown = "";
    return;
  }
  const asked = JSON.stringify([state.picture, state.of, likeness()]);
  if (asked === shown) return;
  shown = asked;
  const start = await describe(state.picture);
  if (asked !== shown) return;
  const busy = make("p", { class: "busy", hidden: true });
  const strip = make("ol", { class: "strip", "aria-label": "Steps" });
  const said = make("p", { class: "soft", role: "status" });
  const title = make("h2", { id: "path-title", tabindex: "-1" }, `A path from ${titleOf(start)}`);
  section.replaceChildren(back(), title, target(), said, busy, strip);
  if (!state.of) return byId("path-to").focus();
  title.focus();
  const stop = await describe(state.of);
  title.textContent = `From ${titleOf(start)} to ${titleOf(stop)}`;
  const progress = new Progress(busy);
  progress.begin("Looking for a path", () => {
    newest.stop();
    progress.end();
    said.textContent = "Stopped.";
  });
  try {
    const ends = [state.picture, state.of];
    const ask = (signal) => withNames(ends, ([from, to]) => json(`chain?${given({ start: from, stop: to, likeness: likeness() })}`, { signal }), signal);
    const found = await newest.ask(ask);
    if (!found) return;
    const rows = found.paintings.map((row, at) => (at === 0 ? start : at === found.paintings.length - 1 ? stop : row));
    learn(rows.filter((row) => !row.own));
    strip.replaceChildren(...rows.map((row) => make("li", {}, see(row), words(row))));
    said.textContent = `${rows.length - 2} painting${rows.length === 3 ? "" : "s"} between them, each like the one before.`;
  } catch (error) {
    said.textContent = error.message;
  }
  progress.end();
}

export const back = () =>
  make("button", { type: "button", class: "quiet back", onclick: () => change({ view: "", of: "" }) }, "← Back to the list");

/** A search field for the other end. */
function target() {
  const input = make("input", {
    id: "path-to",
    type: "search",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": "path-ends",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "Find the painting it leads to",
  });
  const list = make("ul", { id: "path-ends", role: "listbox", "aria-label": "Paintings", hidden: true, class: "offers" });
  const show = combobox(input, list, {
    ask: (text) => findPaintings(text, 8, show),
    line: paintingLine,
    take: (row) => change({ of: row.painting_id }),
  });
  return make("div", { class: "search" }, make("label", { class: "hidden", for: "path-to" }, "Find the painting it leads to"), input, list);
}
