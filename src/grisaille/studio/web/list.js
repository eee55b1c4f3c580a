// The list: paintings most like a picture, or recommendations.

import { Latest, Progress, blob, json, post } from "./ask.js";
import { card, markChosen, rove } from "./cards.js";
import { describe, described, learn, showing, similar, titleOf, withNames } from "./pictures.js";
import { UNFILTERED, about, change, isOwn, likeness, state } from "./state.js";

const results = byId("results");
const wrong = byId("wrong");
const newest = new Latest();
const saving = new Latest();
const progress = new Progress(byId("busy"));
const ready = rove(results);
// Number of paintings in the list, and seconds between two requests while a slider moves.
const [FEW, MANY, WAIT] = [24, 96, 150];
let n = FEW;
let rows = [];
let answered = "";
let timer = 0;
let last = -WAIT;

const recommends = () => state.liked.length > 0 && !(state.which === "similar" && state.picture);

/** Everything that the request depends on. */
function question() {
  const { picture, part, find, liked, disliked, diversity, artist, movement, from, to, unnamed } = state;
  if (searchesInside()) return { picture, part, find, n, run: about.collection.run };
  const shared = { likeness: likeness(), n, run: about.collection.run };
  return recommends() ? { ...shared, liked, disliked, diversity, artist, movement, from, to, unnamed } : { ...shared, picture, part };
}

export function drawList() {
  drawFilters();
  const any = Boolean(state.picture || state.liked.length);
  byId("list").hidden = state.view !== "" || !any;
  byId("which").hidden = !(state.liked.length && state.picture);
  for (const radio of document.getElementsByName("which")) radio.checked = radio.value === state.which;
  byId("where").hidden = recommends() || !state.part;
  for (const radio of document.getElementsByName("where")) radio.checked = radio.value === state.find;
  byId("weights").disabled = searchesInside();
  markChosen(results);
  if (!any) {
    newest.stop();
    progress.end();
    rows = [];
    answered = "";
    return results.replaceChildren();
  }
  const asked = JSON.stringify(question());
  if (asked === answered) return;
  answered = asked;
  clearTimeout(timer);
  const now = performance.now();
  timer = setTimeout(answer, now - last < WAIT ? WAIT : 0);
  last = now;
}

/** Repeat the request. */
export function askAgain() {
  answered = "";
  drawList();
}

async function answer() {
  const recommending = recommends();
  results.setAttribute("aria-busy", "true");
  wrong.hidden = true;
  byId("list-title").textContent ||= recommending ? "Recommended for you" : isOwn(state.picture) ? "Most like your picture" : "";
  progress.begin(recommending ? "Choosing for you" : searchesInside() ? "Looking inside the paintings" : "Looking", stop);
  try {
    const found = await newest.ask(recommending ? recommended : alike);
    if (!found) return;
    learn(found.paintings);
    // The painting that a part was taken from is left out.
    rows = found.paintings.filter((row) => recommending || row.painting_id !== state.picture);
    await fill(recommending);
  } catch (error) {
    rows = [];
    results.replaceChildren();
    byId("after").hidden = true;
    fail(error.message);
  }
  progress.end();
  results.removeAttribute("aria-busy");
}

/** Whether the list shows paintings that contain a part, instead of paintings alike as a whole. */
const searchesInside = () => !recommends() && state.part !== null && state.find === "inside";

const alike = (signal) =>
  searchesInside() ? showing(state.picture, state.part, n, signal) : similar(state.picture, state.part, { likeness: likeness(), n }, signal);

function recommended(signal) {
  const { liked, disliked, diversity, artist, movement, from, to, unnamed } = state;
  const year = (text) => (text === "" ? null : Number(text));
  const rest = {
    likeness: likeness(),
    n,
    diversity,
    artists: artist ? [artist] : [],
    movements: movement ? [movement] : [],
    years: from === "" && to === "" ? null : [year(from), year(to)],
    new_artists: unnamed,
  };
  const chosen = [...liked, ...disliked];
  return withNames(
    chosen,
    async (names) => {
      const asked = { liked: names.slice(0, liked.length), disliked: names.slice(liked.length), ...rest };
      const found = await json("recommend", post(asked, signal));
      const own = new Map(names.map((name, at) => [name, chosen[at]]));
      return { ...found, paintings: found.paintings.map((row) => ({ ...row, because: own.get(row.because) ?? row.because })) };
    },
    signal,
  );
}

function stop() {
  newest.stop();
  clearTimeout(timer);
  progress.end();
  results.removeAttribute("aria-busy");
  fail("Stopped.", make("button", { type: "button", class: "quiet", onclick: askAgain }, "Go on"));
}

function fail(words, ...more) {
  wrong.replaceChildren(words, ...more);
  wrong.hidden = false;
  byId("list-title").textContent ||= "No answer";
}

async function fill(recommending) {
  const because = (row) => (recommending ? described(row.because) : null);
  await Promise.all(recommending ? state.liked.map(describe) : [describe(state.picture)]);
  const cards = [...results.children];
  const focused = cards.indexOf(document.activeElement?.closest?.("#results .card"));
  results.replaceChildren(...rows.map((row) => card(row, because(row))));
  // After a painting was liked by key, the focus moves to the one that took its place.
  if (focused >= 0) results.children[Math.min(focused, rows.length - 1)]?.querySelector(".see").focus();
  ready();
  const title = recommending ? "Recommended for you" : `${searchesInside() ? "Showing" : "Most like"} ${state.part ? "a part of " : ""}${isOwn(state.picture) ? "your picture" : titleOf(described(state.picture))}`;
  byId("list-title").textContent = title;
  byId("list-about").textContent = recommending ? reasons() : searchesInside() ? "A frame marks the place. The likeness settings do not apply here." : "";
  byId("after").hidden = rows.length === 0;
  byId("more").hidden = n > FEW || rows.length < FEW;
  if (!rows.length) fail("No painting matches these filters.");
  byId("said").textContent = `${title}: ${rows.length} painting${rows.length === 1 ? "" : "s"}`;
}

function reasons() {
  const works = (count) => `${count} work${count === 1 ? "" : "s"}`;
  const no = state.disliked.length ? `, and unlike the ${works(state.disliked.length)} that you do not` : "";
  return `Like the ${works(state.liked.length)} that you like${no}.`;
}

// Filters.

const fields = { artist: byId("artist"), movement: byId("movement"), from: byId("from"), to: byId("to") };
let sliding = false;

export function prepareFilters() {
  const { artists, movements, years } = about.collection;
  const option = (value, words) => make("option", { value }, words);
  fields.artist.append(...artists.map(({ artist, paintings }) => option(artist, `${artist} (${thousands(paintings)})`)));
  fields.movement.append(...movements.map((name) => option(name, name)));
  fields.movement.closest("label").hidden = !movements.length;
  byId("years").hidden = !years;
  for (const name of ["from", "to"]) {
    if (years) Object.assign(fields[name], { min: years[0], max: years[1], placeholder: years[name === "from" ? 0 : 1] });
  }
  for (const [name, field] of Object.entries(fields)) field.onchange = () => change({ [name]: field.value });
  byId("new").onchange = (event) => change({ unnamed: event.target.checked });
  byId("unfilter").onclick = () => change({ ...UNFILTERED });
  byId("diversity").oninput = (event) => {
    change({ diversity: Number(event.target.value) }, { replace: sliding });
    sliding = true;
  };
  byId("diversity").onchange = () => (sliding = false);
  byId("more-filters").onclick = (event) => event.currentTarget.setAttribute("aria-expanded", String(byId("filters").classList.toggle("open")));
  for (const radio of document.getElementsByName("which")) radio.onchange = () => change({ which: radio.value });
  for (const radio of document.getElementsByName("where")) radio.onchange = () => change({ find: radio.value });
  byId("more").onclick = () => {
    n = MANY;
    drawList();
  };
  for (const button of document.querySelectorAll("[data-kind]")) button.onclick = () => save(button.dataset.kind);
}

function drawFilters() {
  const some = state.liked.length > 0;
  byId("choices").hidden = byId("choices").disabled = !some;
  byId("no-filters").hidden = some;
  for (const [name, field] of Object.entries(fields)) if (field.value !== state[name]) field.value = state[name];
  byId("new").checked = state.unnamed;
  byId("diversity").value = state.diversity;
  byId("how-varied").textContent = `${Math.round(100 * state.diversity)}%`;
  const filtered = Object.keys(UNFILTERED).some((name) => state[name] !== UNFILTERED[name]);
  byId("unfilter").hidden = !filtered;
  byId("more-filters").classList.toggle("set", filtered);
}

/** Save the list as a file. */
async function save(kind) {
  const asked = { paintings: rows.map((row) => row.painting_id), title: byId("list-title").textContent.slice(0, 200) };
  wrong.hidden = true;
  try {
    progress.begin("Saving the file", () => saving.stop());
    byId("busy").scrollIntoView({ block: "nearest" });
    const file = await saving.ask((signal) => blob(`export/${kind}`, post(asked, signal)));
    if (!file) return progress.end();
    const link = make("a", { href: URL.createObjectURL(file), download: `paintings.${kind === "iiif" ? "json" : kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    fail(error.message);
    wrong.scrollIntoView({ block: "nearest" });
  }
  progress.end();
}
