// The data of the page, decoded: paintings are numbered by row, and names are never parsed as markup.

const given = JSON.parse(document.getElementById("data").textContent);
const total = given.names.length;

/** Decode base64 with a loop, which is many times faster than `Uint8Array.from` with a function. */
function bytes(text) {
  const characters = atob(text);
  const result = new Uint8Array(characters.length);
  for (let at = 0; at < result.length; at++) result[at] = characters.charCodeAt(at);
  return result;
}

const floats = (text) => new Float32Array(bytes(text).buffer);

const near = {};
for (const [space, { k, bytes: size, rows }] of Object.entries(given.near)) {
  near[space] = { k, rows: new { 2: Uint16Array, 4: Uint32Array }[size](bytes(rows).buffer) };
}

/** Rows of the nearest paintings by a likeness, or in the full features ("raw"), nearest first; empty if unknown. */
function nearest(space, row) {
  const { k, rows } = near[space];
  return [...rows.subarray(row * k, (row + 1) * k)].filter((other) => other < total);
}

const artistOf = (row) => given.artists[given.artist[row]];
/** A painting's title, or its readable file name without the folder, which names the artist. */
function titleOf(row) {
  if (given.titles?.[row]) return given.titles[row];
  const name = given.names[row];
  return (given.files[row].startsWith(name) ? name.split("/").at(-1) : name).replaceAll("_", " ");
}

const movementsOf = (row) => given.movements[row].map((number) => given.movementNames[number]);
const pictureOf = (row) => (given.pictures[row] ? `data:image/webp;base64,${given.pictures[row]}` : "");

const searched = given.names.map((name, row) => plain(`${given.titles?.[row] ?? ""} ${name} ${artistOf(row).name}`).trim());

// First year, last year and their mean of every painting; NaN if unknown.
const [firsts, lasts] = [0, -1].map((at) => Float64Array.from(given.years ?? [], (span) => span.at(at) ?? NaN));
const middles = firsts.map((first, row) => (first + lasts[row]) / 2);
const least = (values) => values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a), NaN);
const earliest = least(firsts);
const latest = -least(lasts.map((year) => -year));
const undated = middles.filter(Number.isNaN).length;

const UNFILTERED = { artist: [], movement: [], from: earliest, to: latest, undated: true };
const AT_FIRST = { ...UNFILTERED, colour: "", place: "pca", spread: false, likeness: given.likenesses[0] };
// The reader's choices. The page draws a function of this state. Several artists and movements may be selected.
const state = { selected: -1, hovered: -1, pinned: -1, ...AT_FIRST };

const shown = new Uint8Array(total).fill(1);

/** By "artist" or "movement": all names, and the indices of a painting's own. */
const GROUPS = {
  artist: { names: given.artists.map((artist) => artist.name), of: (row) => [given.artist[row]] },
  movement: { names: given.movementNames, of: (row) => given.movements[row] },
};

function filter() {
  const asked = Object.keys(GROUPS).filter((by) => state[by].length);
  for (let row = 0; row < total; row++) {
    shown[row] =
      asked.every((by) => GROUPS[by].of(row).some((number) => state[by].includes(number))) && (!given.years || inYears(row));
  }
}

/** Whether a painting may be from the selected years. */
const inYears = (row) => (Number.isNaN(middles[row]) ? state.undated : firsts[row] <= state.to && lasts[row] >= state.from);

/** Whether the filters exclude anything. */
const filtered = () => Object.keys(UNFILTERED).some((name) => String(state[name]) !== String(UNFILTERED[name]));
