// The query picture, the ways to give one, and the weights of the likenesses.

import { card, choose, lookFrom, openArtist } from "./cards.js";
import { json } from "./ask.js";
import { partOf } from "./part.js";
import { describe, image, keep, learn, nameOf, shortTitle } from "./pictures.js";
import { about, change, likeness, state } from "./state.js";

const place = byId("picture");
let shown = null;
let part = null;

/** Handle a file that the reader gave by any way. */
export function take(file, tell) {
  if (file.type && !file.type.startsWith("image/")) return tell(`“${file.name}” is not a picture.`);
  lookFrom(keep(file));
}

const ways = (words) => [
  make("button", { type: "button", "data-way": "file", class: "quiet" }, words),
  make("button", { type: "button", "data-way": "camera", class: "quiet camera" }, "Take a photo"),
];

/** Placeholder without a picture. */
function invitation() {
  return make("div", { class: "nothing" }, make("p", { class: "soft" }, "Drop or paste a picture"), make("p", { class: "ways" }, ...ways("Choose a picture")));
}

export async function drawQuery() {
  if (state.picture !== shown) {
    shown = state.picture;
    if (!shown) {
      place.replaceChildren(invitation());
      part = null;
    } else {
      const row = await describe(shown);
      // The picture may have changed meanwhile.
      if (shown !== row.painting_id) return;
      fillQuery(row);
    }
  }
  part?.show(state.part);
  mark();
}

function fillQuery(row) {
  const frame = make("div", { class: "frame" }, image(row, 512, { alt: row.own ? "Your picture" : nameOf(row), class: "hung" }));
  part = partOf(frame, (wanted) => change({ part: wanted }, { replace: Boolean(state.part && wanted) }));
  const by = row.artist
    ? make("p", { class: "by" }, make("button", { type: "button", class: "link", onclick: () => openArtist(row.artist) }, row.artist), row.date ? `, ${row.date}` : "")
    : null;
  const facts = [row.museum && make("span", {}, row.museum), link(row)].filter(Boolean);
  const acts = make(
    "div",
    { class: "acts" },
    make("button", { type: "button", class: "sign liked", id: "like-query", onclick: () => choose(row.painting_id, "liked") }, "♥ Like"),
    make("button", { type: "button", class: "quiet", id: "whole", onclick: () => change({ part: null }), hidden: true }, "Whole picture"),
    make("button", { type: "button", class: "quiet", id: "choose-part", onclick: () => part.begin() }, "Choose a part"),
    make("button", { type: "button", class: "quiet", onclick: () => change({ view: "path", of: "" }) }, "Path to …"),
    ...ways("Another picture"),
  );
  place.replaceChildren(
    frame,
    make("div", { class: "words" }, make("h2", {}, shortTitle(row)), by, facts.length ? make("p", { class: "soft" }, ...facts) : null, acts),
  );
}

function link(row) {
  if (!/^https?:\/\/[^\s/?#]/i.test(row.link ?? "")) return null;
  const host = row.link.replace(/^https?:\/\/(www\.)?/i, "").split(/[/?#]/)[0];
  return make("a", { href: row.link, target: "_blank", rel: "noopener" }, host);
}

function mark() {
  if (!byId("like-query")) return;
  byId("like-query").setAttribute("aria-pressed", String(state.liked.includes(state.picture)));
  byId("whole").hidden = !state.part;
  byId("choose-part").hidden = Boolean(state.part);
}

/** Random paintings to start with. */
export async function invite() {
  const total = about.collection.paintings;
  const places = new Set();
  while (places.size < Math.min(12, total)) places.add(Math.floor(Math.random() * total));
  const found = await Promise.all([...places].map((offset) => json(`paintings?limit=1&offset=${offset}`)));
  const rows = learn(found.flatMap(({ paintings }) => paintings));
  byId("some").replaceChildren(...rows.map((row) => card(row)));
  for (const acts of byId("some").querySelectorAll(".acts")) acts.remove();
}

// Weights of the likenesses.

const inputs = new Map();
let sliding = false;

export function prepareSliders() {
  const names = Object.keys(about.weights);
  byId("weights").hidden = names.length < 2;
  const most = Math.max(1, ...Object.values(about.weights));
  const lines = names.map((name) => {
    const input = make("input", { type: "range", min: 0, max: most, step: 0.05, id: `weight-${name}` });
    const output = make("output", { for: input.id });
    input.addEventListener("input", () => {
      change({ weights: { ...state.weights, [name]: Number(input.value) } }, { replace: sliding });
      sliding = true;
    });
    input.addEventListener("change", () => (sliding = false));
    inputs.set(name, [input, output]);
    const word = PLAIN[name] ?? name;
    return make("label", { class: "slide" }, make("span", {}, word), input, output);
  });
  byId("sliders").replaceChildren(...lines);
  byId("evenly").onclick = () => change({ weights: { ...about.weights } });
}

export function drawSliders() {
  const total = Object.values(state.weights).reduce((sum, share) => sum + share, 0);
  for (const [name, [input, output]] of inputs) {
    if (Number(input.value) !== state.weights[name]) input.value = state.weights[name];
    output.textContent = total ? `${Math.round((100 * state.weights[name]) / total)}%` : "0%";
    input.setAttribute("aria-valuetext", output.textContent);
  }
  byId("evenly").hidden = !likeness();
}

