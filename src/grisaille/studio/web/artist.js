// An artist's page: nearest artists, and works on a time axis.

import { Latest, Progress, given, json } from "./ask.js";
import { lookFrom, openArtist } from "./cards.js";
import { back } from "./path.js";
import { image, learn, nameOf } from "./pictures.js";
import { likeness, state } from "./state.js";

const section = byId("artist-page");
const newest = new Latest();
const SIDE = 52;
let shown = "";
let works = [];

export async function drawArtist() {
  section.hidden = state.view !== "artist";
  if (section.hidden) {
    newest.stop();
    shown = "";
    return;
  }
  const asked = JSON.stringify([state.of, likeness()]);
  if (asked === shown) return;
  const other = JSON.parse(shown || "[]")[0] !== state.of;
  shown = asked;
  const busy = make("p", { class: "busy", hidden: true });
  const title = make("h2", { id: "artist-title", tabindex: "-1" }, state.of);
  section.replaceChildren(back(), title, busy);
  if (other) title.focus();
  const progress = new Progress(busy);
  progress.begin("Looking", () => newest.stop());
  try {
    const found = await newest.ask((signal) => json(`artists/${encodeURIComponent(state.of)}?${given({ likeness: likeness() })}`, { signal }));
    if (!found) return;
    works = learn(found.paintings);
    section.append(summary(works), nearest(found.nearest), make("div", { id: "timeline" }), undated(works));
    drawTimeline();
  } catch (error) {
    section.append(make("p", { class: "note", role: "alert" }, error.message));
  }
  progress.end();
}

const middle = ({ years }) => (years[0] + years.at(-1)) / 2;

function summary(rows) {
  const dated = rows.filter((row) => row.years.length);
  const span = dated.length ? [Math.min(...dated.map((row) => row.years[0])), Math.max(...dated.map((row) => row.years.at(-1)))] : [];
  const count = `${thousands(rows.length)} painting${rows.length === 1 ? "" : "s"}`;
  return make("p", { class: "soft", role: "status" }, [count, [...new Set(span)].join("–")].filter(Boolean).join(", "));
}

function nearest(artists) {
  if (!artists.length) return "";
  const most = Math.max(...artists.map(({ nearness }) => nearness), 1e-9);
  const items = artists.map(({ artist, nearness }) =>
    make(
      "li",
      {},
      make("button", { type: "button", class: "quiet", onclick: () => openArtist(artist) }, artist),
      make("i", { style: `width: ${Math.max(0, (6 * nearness) / most)}rem` }),
    ),
  );
  return make("section", { class: "nearest", "aria-labelledby": "nearest-title" }, make("h3", { id: "nearest-title" }, "Nearest artists"), make("ol", {}, ...items));
}

function work(row, attributes = {}) {
  return make(
    "button",
    { type: "button", class: "work", title: nameOf(row), "aria-label": `Find works like ${nameOf(row)}`, onclick: () => lookFrom(row.painting_id), ...attributes },
    image(row, 128, { loading: "lazy" }),
  );
}

/** Works above an axis of years; works of the same years are stacked. */
function drawTimeline() {
  const place = byId("timeline");
  const dated = works.filter((row) => row.years.length);
  if (!place || !dated.length) return place?.replaceChildren();
  const years = dated.map(middle);
  const [first, last] = [Math.min(...years), Math.max(...years)];
  const width = Math.max(SIDE, place.clientWidth);
  const columns = Math.max(1, Math.floor(width / SIDE));
  const columnOf = (year) => (last > first ? Math.round(((year - first) / (last - first)) * (columns - 1)) : 0);
  const piles = Array.from({ length: columns }, () => []);
  dated.forEach((row) => piles[columnOf(middle(row))].push(row));
  const height = SIDE * Math.max(...piles.map((pile) => pile.length));
  const items = piles.flatMap((pile, column) =>
    pile.map((row, at) => make("li", { style: `left: ${column * SIDE}px; bottom: ${at * SIDE}px` }, work(row))),
  );
  const list = make("ol", { class: "piles", style: `height: ${height}px`, "aria-label": "Works by year" }, ...items);
  place.replaceChildren(list, axis(first, last, columns));
}

function axis(first, last, columns) {
  const svg = (tag, attributes, words = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = words;
    return element;
  };
  const width = columns * SIDE;
  const x = (year) => SIDE / 2 + (last > first ? ((year - first) / (last - first)) * (width - SIDE) : 0);
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 200].find((years) => (last - first) / years <= width / 70) ?? 500;
  const drawing = svg("svg", { width, height: 34, viewBox: `0 0 ${width} 34`, "aria-hidden": "true", class: "axis" });
  drawing.append(svg("line", { x1: 0, x2: width, y1: 4, y2: 4 }));
  for (let year = Math.ceil(first / step) * step; year <= last; year += step) {
    drawing.append(svg("line", { x1: x(year), x2: x(year), y1: 4, y2: 10 }), svg("text", { x: x(year), y: 26, "text-anchor": "middle" }, String(year)));
  }
  return drawing;
}

function undated(rows) {
  const without = rows.filter((row) => !row.years.length);
  if (!without.length) return "";
  const all = without.length === rows.length;
  return make(
    "section",
    { "aria-labelledby": "undated-title" },
    make("h3", { id: "undated-title" }, all ? "Works" : "Without a year"),
    make("ul", { class: all ? "works large" : "works" }, ...without.map((row) => make("li", {}, work(row)))),
  );
}

addEventListener("resize", () => section.hidden || drawTimeline());
