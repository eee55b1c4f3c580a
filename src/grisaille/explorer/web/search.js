// Search by name.

const query = byId("query");

/** Matches of a text: artists and movements first, then paintings; all words must occur. */
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
  // Prefix matches come first, then shorter names.
  rows.sort((a, b) => !searched[a].startsWith(start) - !searched[b].startsWith(start) || given.names[a].length - given.names[b].length || a - b);
  return [...found, ...rows.slice(0, 10).map((row) => ({ kind: "painting", row, words: titleOf(row) }))];
}

function offerLine(offer) {
  if (offer.kind === "painting") return [image(offer.row, { alt: "" }), make("span", {}, offer.words, byline(offer.row))];
  return [make("span", {}, offer.words, make("small", {}, `highlight this ${offer.kind}`))];
}

function take(offer) {
  if (offer.kind === "painting") {
    // A painting that the reader searched for is shown regardless of the filters.
    if (!shown[offer.row]) setFilter(UNFILTERED);
    select(offer.row);
    canvas.focus();
  } else setFilter({ [offer.kind]: [...new Set([...state[offer.kind], offer.number])] });
}

const showSuggestions = combobox(query, byId("suggestions"), {
  ask: (text) => showSuggestions(suggest(text)),
  line: offerLine,
  take,
  leave: () => canvas.focus(),
});
