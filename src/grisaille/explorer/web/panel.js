// The chosen painting: its picture, its facts, and its nearest in both spaces.

const panel = byId("panel");

/** The artist's name, unless the title begins with it. */
const byline = (row) => (plain(titleOf(row)).startsWith(plain(artistOf(row).name)) ? null : make("small", {}, artistOf(row).name));

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
  // Larger than stored, so that a person can look; beyond twice as large nothing is gained.
  portrait.onload = () => (portrait.style.zoom = Math.max(1, Math.min(2, 256 / Math.max(portrait.naturalWidth, portrait.naturalHeight))));
  const by = make("button", { onclick: () => setFilter({ artist: given.artist[row] }), title: `Show only ${artist.name}` }, artist.name);
  const life = [artist.nationality, artist.years].filter(Boolean).join(", ");
  panel.append(
    close,
    portrait,
    make("h2", {}, titleOf(row)),
    make("p", { class: "by" }, by, life ? ` (${life})` : ""),
    facts(row),
    ...comparison(row),
  );
  panel.scrollTop = 0;
}

function facts(row) {
  const silhouette = given.silhouettes[row];
  const list = [
    ["Movement", movementsOf(row).join(", ")],
    ["File", breakable(given.files[row])],
    ["Size", `${thousands(given.widths[row])} × ${thousands(given.heights[row])} pixels`],
    ["Training", given.splits[given.split[row]] ?? given.split[row]],
    ["Silhouette", silhouette === null ? "not known" : `${silhouette.toFixed(2).replace("-", "−")}`],
    ["Duplicate of", given.duplicateOf[row] >= 0 ? titleOf(given.duplicateOf[row]) : ""],
  ];
  const filled = list.filter(([, value]) => value);
  return make("dl", {}, ...filled.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

/** A path that may be broken where a person would break it. */
const breakable = (path) => {
  const whole = make("span", {});
  for (const part of path.split(/(?<=[/_ -])/)) whole.append(part, document.createElement("wbr"));
  return whole;
};

function comparison(row) {
  const raw = nearest("raw", row);
  const small = nearest("embedding", row);
  const kept = raw.filter((other) => small.includes(other)).length;
  const verdict = raw.length
    ? `${kept} of its ${raw.length} nearest ${kept === 1 ? "is" : "are"} kept.`
    : "In the full features its nearest are not known.";
  const why = raw.length
    ? "A bar and the word “both” mark what the full features and the embedding agree on."
    : "This collection is large, and only a sample of it was compared in the full features.";
  return [
    make("p", { class: "verdict" }, verdict),
    make("p", { class: "soft" }, why),
    make(
      "div",
      { class: "both" },
      column("Full features", `${thousands(given.rawValues)} numbers, ${given.likeness}`, raw, small, "raw"),
      column("Embedding", `${thousands(given.values)} numbers`, small, raw, "embedding"),
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
      onclick: () => select(row, { look: true }),
      onpointerenter: () => twins(true),
      onpointerleave: () => twins(false),
      onfocus: () => twins(true),
      onblur: () => twins(false),
    },
    image(row, { alt: "" }),
    words,
  );
}
