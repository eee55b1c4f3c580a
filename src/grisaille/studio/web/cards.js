// A painting in a list: its picture, its caption, and its actions by pointer and keyboard.

import { byline, image, nameOf, shortTitle, titleOf } from "./pictures.js";
import { change, state } from "./state.js";

/** Make another picture the query; the list follows. */
export const lookFrom = (picture) =>
  change({ picture, part: null, view: state.view === "map" ? "map" : "", of: "", open: "", pair: [], which: state.liked.length ? "similar" : "" });

/** Add a picture to the liked or disliked ones, or remove it. */
export function choose(picture, kind) {
  const other = kind === "liked" ? "disliked" : "liked";
  const without = (list) => list.filter((name) => name !== picture);
  const had = state[kind].includes(picture);
  const next = { [kind]: had ? without(state[kind]) : [...state[kind], picture], [other]: without(state[other]) };
  if (kind === "liked" && !had) next.which = "";
  change(next);
}

export const openArtist = (artist) => change({ view: "artist", of: artist, open: "", pair: [] });
export const openPath = (picture) => change({ view: "path", of: picture, open: "", pair: [] });

/** The picture that a painting of the list is compared with. */
const counterpart = (row) => row.because || state.picture || state.liked[0];

export function openPair(kind, row) {
  const other = counterpart(row);
  if (other && other !== row.painting_id) change({ open: kind, pair: [other, row.painting_id] });
}

const ACTIONS = {
  l: (row) => choose(row.painting_id, "liked"),
  d: (row) => choose(row.painting_id, "disliked"),
  w: (row) => openPair("why", row),
  c: (row) => openPair("compare", row),
  p: (row) => state.picture && openPath(row.painting_id),
  a: (row) => row.artist && openArtist(row.artist),
};

/** A toggle button. */
export function toggle(row, kind) {
  const [sign, word] = kind === "liked" ? ["♥", "Like"] : ["✕", "Not for me"];
  const pressed = state[kind].includes(row.painting_id);
  const attributes = {
    type: "button",
    class: `sign ${kind}`,
    "aria-pressed": String(pressed),
    "aria-label": `${word}: ${titleOf(row)}`,
    title: word,
    onclick: () => choose(row.painting_id, kind),
  };
  return make("button", attributes, make("span", { "aria-hidden": "true" }, sign));
}

const act = (words, label, key, row) =>
  make("button", { type: "button", class: "quiet", "aria-label": label, onclick: () => ACTIONS[key](row) }, words);

/** The picture as a button, with a rectangle if the row says which part is alike. */
export function see(row, side = 512) {
  const frame = make("span", { class: "frame" }, image(row, side, { loading: "lazy", class: "hung" }));
  if (row.box) {
    const [left, top, right, bottom] = row.box.map((at) => 100 * at);
    frame.append(make("i", { class: "box", style: `left: ${left}%; top: ${top}%; width: ${right - left}%; height: ${bottom - top}%` }));
  }
  const label = { "aria-label": `Find works like ${nameOf(row)}` };
  return make("button", { type: "button", class: "see", ...label, onclick: () => lookFrom(row.painting_id) }, frame);
}

/** How unusual a distance is: a list has a first even where nothing is alike. */
function unusual(row) {
  if (typeof row.distance_percentile !== "number") return null;
  return make("span", { class: "unusual" }, `closer than ${Math.round(100 * row.distance_percentile)} of 100`);
}

/** Title, artist, date, and the reason for its rank. */
export function words(row, because = null) {
  const title = make("span", { class: "title" }, shortTitle(row));
  const by = byline(row);
  const artist = row.artist
    ? make("button", { type: "button", class: "link", "aria-label": `${row.artist}: all works`, onclick: () => openArtist(row.artist) }, row.artist)
    : null;
  const date = row.date ? make("span", {}, artist ? `, ${row.date}` : row.date) : null;
  const line = artist || date ? make("span", { class: "by" }, artist, date) : by;
  const reason = because ? make("span", { class: "because" }, "because of ", make("em", {}, titleOf(because))) : null;
  return make("div", { class: "words" }, title, line, reason);
}

export function card(row, because = null) {
  const alone = !counterpart(row);
  const title = titleOf(row);
  const acts = make(
    "div",
    { class: "acts" },
    toggle(row, "liked"),
    toggle(row, "disliked"),
    alone ? null : act("Why?", `Why is ${title} alike?`, "w", row),
    alone ? null : act("Compare", `Compare ${title}`, "c", row),
    state.picture ? act("Path", `A path to ${title}`, "p", row) : null,
  );
  const said = words(row, because);
  said.append(unusual(row) ?? "");
  const item = make("li", { class: "card", "data-name": row.painting_id }, see(row), said, acts);
  item.row = row;
  return item;
}

/** Update the pressed state of cards that stay. */
export function markChosen(list) {
  for (const item of list.children) {
    for (const kind of ["liked", "disliked"]) {
      const pressed = state[kind].includes(item.row.painting_id);
      item.querySelector(`.sign.${kind}`)?.setAttribute("aria-pressed", String(pressed));
    }
  }
}

/** Roving tabindex: Tab reaches one card, arrow keys move between cards, letters trigger the buttons of a card. */
export function rove(list) {
  const focusable = (item) => item.querySelectorAll("button");
  const enter = (item) => {
    for (const other of list.children) for (const button of focusable(other)) button.tabIndex = other === item ? 0 : -1;
  };
  list.addEventListener("focusin", (event) => enter(event.target.closest(".card")));
  list.addEventListener("keydown", (event) => {
    const item = event.target.closest(".card");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const cards = [...list.children];
    const at = cards.indexOf(item);
    const columns = cards.filter((other) => other.offsetTop === cards[0].offsetTop).length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -at, End: cards.length - 1 - at };
    if (event.key in steps) {
      const to = cards[at + steps[event.key]];
      to?.querySelector(".see").focus();
      to?.scrollIntoView({ block: "nearest" });
    } else if (ACTIONS[event.key.toLowerCase()]) ACTIONS[event.key.toLowerCase()](item.row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return () => list.children.length && enter(list.contains(document.activeElement) ? document.activeElement.closest(".card") : list.children[0]);
}
