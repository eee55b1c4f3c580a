// Finding by name, as a combobox with a list of suggestions.

const query = byId("query");
const list = byId("suggestions");
let offers = [];
let offered = -1;

/** What a few letters may mean: artists and movements first, then paintings; every word must occur. */
function suggest(text) {
  const words = plain(text).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const fits = (name) => words.every((word) => name.includes(word));
  const found = [];
  given.artists.forEach((artist, number) => {
    if (fits(plain(artist.name))) found.push({ kind: "artist", number, words: artist.name });
  });
  given.movementNames.forEach((name, number) => {
    if (fits(plain(name))) found.push({ kind: "movement", number, words: name });
  });
  const start = plain(text).trim();
  found.sort((a, b) => !plain(a.words).startsWith(start) - !plain(b.words).startsWith(start));
  found.splice(5);
  const rows = [];
  for (let row = 0; row < total && rows.length < 400; row++) if (fits(searched[row])) rows.push(row);
  // What begins with the words before what holds them, short before long.
  rows.sort((a, b) => !searched[a].startsWith(start) - !searched[b].startsWith(start) || given.names[a].length - given.names[b].length || a - b);
  return [...found, ...rows.slice(0, 10).map((row) => ({ kind: "painting", row, words: titleOf(row) }))];
}

function showSuggestions() {
  offers = suggest(query.value);
  offered = offers.length ? 0 : -1;
  list.replaceChildren(...offers.map(offerLine));
  if (!offers.length && query.value.trim()) list.append(make("li", { role: "presentation" }, "Nothing of that name"));
  list.hidden = !query.value.trim();
  query.setAttribute("aria-expanded", String(!list.hidden && offers.length > 0));
  markOffer();
}

function offerLine(offer, at) {
  const line = { role: "option", id: `offer-${at}`, onpointerdown: (event) => event.preventDefault(), onclick: () => take(offer) };
  if (offer.kind === "painting") {
    return make("li", line, image(offer.row, { alt: "" }), make("span", {}, offer.words, byline(offer.row)));
  }
  return make("li", line, make("span", {}, offer.words, make("small", {}, `show this ${offer.kind} only`)));
}

function markOffer() {
  [...list.children].forEach((line, at) => line.setAttribute("aria-selected", String(at === offered)));
  if (offered >= 0) {
    query.setAttribute("aria-activedescendant", `offer-${offered}`);
    list.children[offered].scrollIntoView({ block: "nearest" });
  } else query.removeAttribute("aria-activedescendant");
}

function hideSuggestions() {
  list.hidden = true;
  query.setAttribute("aria-expanded", "false");
  query.removeAttribute("aria-activedescendant");
}

function take(offer) {
  hideSuggestions();
  query.value = "";
  if (offer.kind === "painting") {
    // Someone who asks for a painting wants to see it, whatever the filters say.
    if (!shown[offer.row]) setFilter(UNFILTERED);
    select(offer.row, { look: true, close: true });
    canvas.focus();
  } else setFilter({ [offer.kind]: offer.number });
}

query.addEventListener("input", showSuggestions);
query.addEventListener("focus", () => query.value.trim() && showSuggestions());
query.addEventListener("blur", hideSuggestions);
query.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && offers.length) {
    offered = (offered + step + offers.length) % offers.length;
    markOffer();
    event.preventDefault();
  } else if (event.key === "Enter" && offered >= 0 && !list.hidden) {
    take(offers[offered]);
    event.preventDefault();
  } else if (event.key === "Escape") {
    query.value = "";
    hideSuggestions();
    canvas.focus();
  }
  event.stopPropagation();
});
