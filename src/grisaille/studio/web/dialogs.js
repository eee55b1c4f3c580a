// Dialogs with two works side by side: why they are alike, and a comparison at full size.

import { Latest, Progress, given, json } from "./ask.js";
import { byline, cut, describe, image, titleOf } from "./pictures.js";
import { about, change, state } from "./state.js";

const dialogs = { why: byId("why"), compare: byId("compare") };
const shut = () =>
  make("form", { method: "dialog" }, make("button", { class: "quiet close", "aria-label": "Close" }, "×"));
let filled = "";

export function prepareDialogs() {
  for (const [name, dialog] of Object.entries(dialogs)) {
    dialog.addEventListener("close", () => {
      filled = "";
      reasons.stop();
      if (state.open === name) change({ open: "", pair: [] });
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }
}

export async function drawDialogs() {
  for (const [name, dialog] of Object.entries(dialogs)) if (dialog.open && state.open !== name) dialog.close();
  const dialog = dialogs[state.open];
  const asked = [state.open, ...state.pair].join("\n");
  if (!dialog || state.pair.length !== 2 || asked === filled) return;
  filled = asked;
  const pair = await Promise.all(state.pair.map(describe));
  if (asked !== filled) return;
  (state.open === "why" ? fillWhy : fillCompare)(dialog, pair);
  if (!dialog.open) dialog.showModal();
}

const caption = (row) => make("figcaption", {}, make("strong", {}, titleOf(row)), make("span", {}, byline(row)));

// Why.

const reasons = new Latest();
const EXPLAINED = ["style", "composition", "colour"];
let by = "style";

function fillWhy(dialog, pair) {
  const names = EXPLAINED.filter((name) => about.collection.likenesses.includes(name));
  if (!names.includes(by)) by = names[0];
  const choices = names.map((name) =>
    make(
      "label",
      {},
      make("input", { type: "radio", name: "why-by", value: name, checked: name === by, onchange: () => explain((by = name)) }),
      make("span", {}, PLAIN[name]),
    ),
  );
  const verdict = make("p", { class: "verdict", role: "status" });
  const busy = make("p", { class: "busy", hidden: true });
  const figures = pair.map((row) => make("figure", {}, image(row, 1024, { alt: titleOf(row) }), caption(row)));
  dialog.replaceChildren(
    shut(),
    make("h2", { id: "why-title" }, "Why are these alike?"),
    make("fieldset", { class: "alike" }, make("legend", { class: "hidden" }, "Alike in"), make("div", {}, ...choices)),
    verdict,
    busy,
    make("div", { class: "two" }, ...figures),
    make("p", { class: "soft" }, "Clear parts are alike in both. Faded parts are no more alike than those of two average paintings."),
  );

  const progress = new Progress(busy);
  async function explain() {
    verdict.textContent = "";
    progress.begin("Comparing", () => dialog.close());
    try {
      const found = await reasons.ask((signal) => asked(pair, by, signal));
      if (!found) return;
      verdict.textContent = inWords(found);
      figures.forEach((figure, at) => {
        const faded = make("img", { alt: `${titleOf(pair[at])}: clear where it is alike`, src: found.pictures[at] });
        figure.firstChild.replaceWith(faded);
      });
    } catch (error) {
      verdict.textContent = error.message;
    }
    progress.end();
  }
  explain();
}

/** Uploads the reader's own picture; a selected part is cropped first. */
async function asked([a, b], likeness, signal) {
  const part = a.painting_id === state.picture ? state.part : null;
  if (b.own) return asked([b, a], likeness, signal).then((found) => ({ ...found, pictures: found.pictures.toReversed() }));
  if (!a.own && !part) return json(`why?${given({ a: a.painting_id, b: b.painting_id, likeness })}`, { signal });
  const body = await cut(a.painting_id, part, signal);
  return json(`why?${given({ b: b.painting_id, likeness })}`, { method: "POST", body, signal });
}

function inWords({ likeness, similarity, usual }) {
  const share = (similarity - usual) / Math.max(1e-9, 1 - usual);
  const more = share > 0.5 ? "far more alike than" : share > 0.15 ? "more alike than" : share > 0.03 ? "a little more alike than" : "no more alike than";
  const shown = [similarity, usual].map((value) => value.toFixed(2).replace("-", "−"));
  return `In ${PLAIN[likeness]} they are ${more} two average paintings: ${shown[0]}, where ${shown[1]} is average and 1 is identical.`;
}

// Compare.

function fillCompare(dialog, pair) {
  dialog.replaceChildren(
    shut(),
    make("h2", { id: "compare-title", class: "hidden" }, "Side by side"),
    make("div", { class: "two" }, ...pair.map(large)),
    make("p", { class: "soft" }, "Click or turn the wheel to zoom in; drag or use the arrow keys to move."),
  );
}

/** A picture with zoom. */
function large(row) {
  const picture = image(row, 2048, { alt: titleOf(row) });
  const pane = make("div", { class: "pane", tabindex: "0", role: "group", "aria-label": `${titleOf(row)}: plus and minus zoom, arrow keys move` }, picture);
  const view = { zoom: 1, x: 0, y: 0 };
  const set = (zoom, x, y) => {
    const reach = (zoom - 1) / 2;
    Object.assign(view, { zoom, x: Math.max(-reach, Math.min(reach, x)), y: Math.max(-reach, Math.min(reach, y)) });
    pane.firstChild.style.transform = `translate(${100 * view.x}%, ${100 * view.y}%) scale(${zoom})`;
    pane.classList.toggle("near", zoom > 1);
  };
  /** Zoom around the pointer. */
  const zoomAt = (factor, event) => {
    const zoom = Math.max(1, Math.min(12, view.zoom * factor));
    const { left, top, width, height } = pane.getBoundingClientRect();
    const at = event ? [(event.clientX - left) / width - 0.5, (event.clientY - top) / height - 0.5] : [0, 0];
    const grown = zoom / view.zoom;
    set(zoom, at[0] + (view.x - at[0]) * grown, at[1] + (view.y - at[1]) * grown);
  };
  let drag = null;
  pane.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomAt(Math.exp(-Math.max(-240, Math.min(240, event.deltaY)) * 0.002), event);
  }, { passive: false });
  pane.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    pane.setPointerCapture(event.pointerId);
    drag = { at: [event.clientX, event.clientY], from: { ...view }, far: false };
  });
  pane.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [dx, dy] = [event.clientX - drag.at[0], event.clientY - drag.at[1]];
    drag.far ||= Math.hypot(dx, dy) > 4;
    if (drag.far) set(view.zoom, drag.from.x + dx / pane.clientWidth, drag.from.y + dy / pane.clientHeight);
  });
  pane.addEventListener("pointerup", (event) => {
    if (drag && !drag.far) view.zoom > 1 ? set(1, 0, 0) : zoomAt(2.5, event);
    drag = null;
  });
  pane.addEventListener("pointercancel", () => (drag = null));
  pane.addEventListener("keydown", (event) => {
    const direction = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (direction) set(view.zoom, view.x + direction[0], view.y + direction[1]);
    else if (event.key === "+" || event.key === "=") zoomAt(1.4);
    else if (event.key === "-") zoomAt(1 / 1.4);
    else if (event.key === "0") set(1, 0, 0);
    else return;
    event.preventDefault();
  });
  return make("figure", {}, pane, caption(row));
}
