// The chosen painting: its picture, its facts, and its nearest by the selected likeness.

const panel = byId("panel");

/** The artist's name, unless the title begins with it, and the date. */
function byline(row) {
  const artist = plain(titleOf(row)).startsWith(plain(artistOf(row).name)) ? "" : artistOf(row).name;
  const words = [artist, given.dates?.[row]].filter(Boolean).join(", ");
  return words ? make("small", {}, words) : null;
}

function image(row, attributes = {}) {
  const source = pictureOf(row);
  if (!source) return make("span", { ...attributes, class: "blank" });
  return make("img", { ...attributes, src: source, loading: "lazy", decoding: "async" });
}

function fillPanel() {
  const row = state.selected;
  panel.hidden = row < 0;
  panel.replaceChildren();
  if (row < 0) return;
  const artist = artistOf(row);
  const close = make("button", { class: "quiet close", "aria-label": "Close", onclick: () => select(-1) }, "×");
  const portrait = image(row, { class: "portrait", alt: `${titleOf(row)}, by ${artist.name}` });
  // Pictures are enlarged to at most twice their stored size.
  portrait.onload = () => (portrait.style.zoom = Math.max(1, Math.min(2, 256 / Math.max(portrait.naturalWidth, portrait.naturalHeight))));
  const by = make("button", { onclick: () => setFilter({ artist: toggled(state.artist, given.artist[row]) }), title: `Highlight ${artist.name}` }, artist.name);
  const life = [artist.nationality, artist.years].filter(Boolean).join(", ");
  panel.append(
    close,
    portrait,
    make("h2", {}, titleOf(row)),
    given.titles?.[row] ? make("p", { class: "file" }, breakable(given.files[row])) : "",
    make("p", { class: "by" }, by, life ? ` (${life})` : ""),
    whereabouts(row),
    make("p", { id: "actions" }),
    likenessSwitch(),
    make("div", { id: "nearest" }),
    facts(row),
  );
  fillActions();
  fillNearest();
  panel.scrollTop = 0;
}

/** Date and museum; nothing if neither is known. */
function whereabouts(row) {
  const words = [given.dates?.[row], given.museums?.[row]].filter(Boolean).join(", ");
  return words ? make("p", { class: "known" }, words) : "";
}

/** Buttons for the likenesses; nothing if there is only one. */
function likenessSwitch() {
  if (given.likenesses.length < 2) return "";
  const buttons = given.likenesses.map((name) => {
    const radio = { type: "radio", name: "likeness", value: name, onchange: () => setLikeness(name) };
    return make("label", {}, make("input", { ...radio, checked: name === state.likeness }), make("span", {}, PLAIN[name]));
  });
  return make("fieldset", { class: "alike" }, make("legend", {}, "Alike in"), make("div", {}, ...buttons));
}

/** The part below the buttons, which keep focus and position. */
function fillNearest() {
  const row = state.selected;
  if (row < 0) return;
  for (const radio of panel.querySelectorAll("[name=likeness]")) radio.checked = radio.value === state.likeness;
  byId("nearest").replaceChildren(...(state.likeness === "composition" ? comparison(row) : gallery(row)));
}

const MEANINGS = {
  mixture: () => `The mixture: ${listed(given.likenesses.filter((name) => name !== "mixture" && name !== "vectors"))} at once.`,
  style: () => "Patterns, wherever they are in the picture.",
  composition: () => "Features, position by position.",
  colour: () => "Palettes: the share of each colour.",
  vectors: () => "By the vectors that came with the collection.",
};

const listed = (names) => `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

const inWhat = () => (state.likeness === "vectors" ? "by vectors" : `in ${PLAIN[state.likeness]}`);

/** The nearest, in order, as large pictures. */
function gallery(row) {
  const rows = nearest(state.likeness, row);
  const items = rows.map((other) => make("li", {}, entry(other, false)));
  const list = { class: "gallery", "data-space": state.likeness, "aria-label": `Most alike ${inWhat()}` };
  return [
    make("p", { class: "verdict" }, `Most alike ${inWhat()}`),
    make("p", { class: "soft" }, MEANINGS[state.likeness]()),
    make("ol", list, ...items),
  ];
}

function facts(row) {
  const silhouette = given.silhouettes[row];
  const list = [
    ["Movement", movementsOf(row).join(", ")],
    ["File", given.titles?.[row] ? "" : breakable(given.files[row])],
    ["Size", `${thousands(given.widths[row])} × ${thousands(given.heights[row])} pixels`],
    ["Training", given.splits[given.split[row]] ?? given.split[row]],
    ["Silhouette", silhouette === null ? "not known" : `${silhouette.toFixed(2).replace("-", "−")}`],
    ["Duplicate of", given.duplicateOf[row] >= 0 ? titleOf(given.duplicateOf[row]) : ""],
  ];
  const filled = list.filter(([, value]) => value);
  return make("dl", {}, ...filled.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

/** A path with line breaks allowed after separators. */
const breakable = (path) => {
  const whole = make("span", {});
  for (const part of path.split(/(?<=[/_ -])/)) whole.append(part, document.createElement("wbr"));
  return whole;
};

function comparison(row) {
  const raw = nearest("raw", row);
  const small = nearest("composition", row);
  const kept = raw.filter((other) => small.includes(other)).length;
  const verdict = raw.length
    ? `${kept} of its ${raw.length} nearest ${kept === 1 ? "is" : "are"} kept.`
    : "Its nearest in the full features are not known.";
  const why = raw.length
    ? "A bar and the word “both” mark paintings that are nearest in the full features and in the embedding."
    : "This collection is large, so only a sample was compared in the full features.";
  return [
    make("p", { class: "verdict" }, verdict),
    make("p", { class: "soft" }, `${MEANINGS.composition()} ${why}`),
    make(
      "div",
      { class: "both" },
      column("Full features", `${thousands(given.rawValues)} numbers, ${given.metric}`, raw, small, "raw"),
      column("Embedding", `${thousands(given.values)} numbers`, small, raw, "composition"),
    ),
  ];
}

function column(name, about, rows, others, space) {
  const heading = make("h3", { id: `in-${space}` }, name, make("span", {}, about));
  const items = rows.map((row) => make("li", {}, entry(row, others.includes(row))));
  return make("section", {}, heading, make("ol", { "aria-labelledby": `in-${space}`, "data-space": space }, ...items));
}

function entry(row, shared) {
  const twins = (on) => {
    for (const twin of panel.querySelectorAll(`.near[data-row="${row}"]`)) twin.classList.toggle("twin", on);
    hover(on ? row : -1);
  };
  const words = make("span", {}, titleOf(row), byline(row), shared ? make("em", {}, "✓ both") : null);
  return make(
    "button",
    {
      class: shared ? "near kept" : "near",
      "data-row": row,
      onclick: () => select(row),
      onpointerenter: () => twins(true),
      onpointerleave: () => twins(false),
      onfocus: () => twins(true),
      onblur: () => twins(false),
    },
    image(row, { alt: "" }),
    words,
  );
}
