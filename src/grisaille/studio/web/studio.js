// The studio: redraws the page when the state changes, and handles input.

import { Refused, json, onNewerRun } from "./ask.js";
import { drawArtist } from "./artist.js";
import { drawDialogs, prepareDialogs } from "./dialogs.js";
import { askAgain, drawList, prepareFilters } from "./list.js";
import { drawMap, toMap } from "./map.js";
import { drawPath } from "./path.js";
import { described } from "./pictures.js";
import { drawQuery, drawSliders, invite, prepareSliders, take } from "./query.js";
import { prepareSearch } from "./search.js";
import { about, change, follow, isOwn, state } from "./state.js";
import { drawTrays, prepareTrays } from "./trays.js";

function draw() {
  const any = Boolean(state.picture || state.liked.length || state.disliked.length);
  document.body.dataset.view = state.view || (any ? "list" : "first");
  byId("first").hidden = any || state.view !== "";
  byId("wall").hidden = state.view === "map";
  byId("to-list").setAttribute("aria-current", state.view === "map" ? "false" : "page");
  byId("to-map").setAttribute("aria-current", state.view === "map" ? "page" : "false");
  if (!byId("first").hidden && !byId("some").children.length) invite().catch(wrong);
  for (const part of [drawQuery, drawSliders, drawList, drawTrays, drawPath, drawArtist, drawMap, drawDialogs]) {
    Promise.resolve(part()).catch(wrong);
  }
}

/** Show a note above the list until the reader closes it. */
function tell(...words) {
  const close = make("button", { type: "button", class: "quiet", "aria-label": "Close this note", onclick: () => (byId("notice").hidden = true) }, "×");
  byId("notice").replaceChildren(make("span", {}, ...words), close);
  byId("notice").hidden = false;
}

const wrong = (error) => {
  if (!(error instanceof Refused)) console.error(error);
  tell(error.message);
};

/** Remove own pictures that this window does not have from a link's state. */
function check(found) {
  const lost = [found.picture, ...found.liked, ...found.disliked].filter((name) => isOwn(name) && !described(name));
  if (!lost.length) return found;
  const left = (names) => names.filter((name) => !lost.includes(name));
  tell("This link refers to an own picture of its author. Such pictures are never stored: add the picture again to see the same list.");
  const without = { liked: left(found.liked), disliked: left(found.disliked) };
  return { ...found, ...without, ...(lost.includes(found.picture) ? { picture: "", part: null } : {}), open: "", pair: [], view: found.view === "path" ? "" : found.view };
}

function drawRun(words = "") {
  const { run, paintings, artists } = about.collection;
  const known = artists.filter(({ artist }) => artist !== "unknown").length;
  const by = make("span", {}, ` by ${thousands(known)} artist${known === 1 ? "" : "s"}`);
  byId("count").replaceChildren(`${thousands(paintings)} painting${paintings === 1 ? "" : "s"}`, by);
  byId("run").textContent = `Answered by ${words}run ${run}.`;
}

let newest = "";
async function renew(run) {
  // Several answers may report the new run.
  if (run === newest) return;
  newest = run;
  about.collection = await json("collection");
  drawRun("a newer ");
  byId("some").replaceChildren();
  tell("A newer run answers now: the collection was computed again.");
  askAgain();
}

function prepareWays() {
  const files = { file: byId("file"), camera: byId("photo") };
  document.addEventListener("click", (event) => {
    const way = event.target.closest?.("[data-way]");
    if (way) files[way.dataset.way].click();
  });
  for (const input of Object.values(files)) {
    input.addEventListener("change", () => {
      if (input.files[0]) take(input.files[0], tell);
      input.value = "";
    });
  }
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    take(file, tell);
  });
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    byId("drop").hidden = false;
  });
  addEventListener("dragleave", (event) => event.relatedTarget || (byId("drop").hidden = true));
  addEventListener("drop", (event) => {
    byId("drop").hidden = true;
    if (!carries(event)) return;
    event.preventDefault();
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0], tell);
  });
}

function prepareKeys() {
  const help = byId("about");
  byId("help").onclick = () => help.showModal();
  help.addEventListener("click", (event) => event.target === help && help.close());
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select") || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey) return;
    if (event.key === "/") byId("query").focus();
    else if (event.key === "?") help.showModal();
    else return;
    event.preventDefault();
  });
}

/** Initial weights of the sliders: those of the run's mixture, or its first likeness only. */
function shares({ likenesses, weights }) {
  const names = likenesses.filter((name) => name !== "mixture");
  const mixed = Object.keys(weights).length > 0;
  return Object.fromEntries(names.map((name, at) => [name, mixed ? weights[name] ?? 0 : Number(at === 0)]));
}

async function start() {
  switchTheme(byId("theme"));
  try {
    about.collection = await json("collection");
  } catch (error) {
    return wrong(error);
  }
  about.weights = shares(about.collection);
  drawRun();
  onNewerRun((run) => renew(run).catch(wrong));
  byId("to-map").onclick = toMap;
  byId("to-list").onclick = () => change({ view: "", of: "", open: "", pair: [] });
  for (const prepare of [prepareSliders, prepareFilters, prepareTrays, prepareDialogs, prepareSearch, prepareWays, prepareKeys]) prepare();
  follow(draw, check);
  document.documentElement.dataset.ready = "true";
}

start();
