// Positions of all paintings, and colours of their frames.

const layouts = given.likenesses.flatMap((likeness) =>
  Object.entries(given.places[likeness]).map(([place, packed]) => [`${likeness} ${place}`, fitted(floats(packed))]),
);
// By likeness and layout; filled on demand.
const measured = Object.fromEntries(layouts);
const stretched = {};
/** Position of a year in the layout by date. */
const alongYears = (year) => (2 * (year - earliest)) / (latest - earliest) - 1;
// Undated works have a column of their own, left of the first year.
const UNDATED = { middle: -1.2, width: 0.16 };
if (given.years) for (const likeness of given.likenesses) measured[`${likeness} date`] = byDate(measured[`${likeness} pca`]);

/** Minimum and maximum of both axes. */
function bounds(places) {
  const [low, high] = [[Infinity, Infinity], [-Infinity, -Infinity]];
  places.forEach((value, at) => {
    low[at % 2] = Math.min(low[at % 2], value);
    high[at % 2] = Math.max(high[at % 2], value);
  });
  return [low, high];
}

/** Scale both axes equally, the longer to -1 to 1, with y upwards. */
function fitted(places) {
  const [low, high] = bounds(places);
  const half = Math.max(high[0] - low[0], high[1] - low[1], 1e-9) / 2;
  return places.map((value, at) => ((value - (low[at % 2] + high[at % 2]) / 2) / half) * (at % 2 ? -1 : 1));
}

/** Stretch each axis where paintings crowd, in the same order; by date, undated works keep their column. */
function spreadOut(places, place) {
  const result = Float32Array.from(places);
  const everyone = Array.from({ length: total }, (_, row) => row);
  for (const axis of [0, 1]) {
    const rows = everyone.filter((row) => place !== "date" || axis || !Number.isNaN(middles[row]));
    rows.sort((a, b) => places[2 * a + axis] - places[2 * b + axis]);
    rows.forEach((row, rank) => (result[2 * row + axis] = spaced(places[2 * row + axis], rank, rows.length, axis ? 0.75 : 1)));
  }
  return result;
}

/** Interpolate, by 0.7, from a position to even spacing. */
const spaced = (place, rank, count, half) => 0.3 * place + 0.7 * half * (count > 1 ? (2 * rank) / (count - 1) - 1 : 0);

/** Years from left to right; the first principal component upwards. */
function byDate(pca) {
  const result = new Float32Array(pca.length);
  // The height of the window, within limits.
  const high = Math.max(0.5, Math.min(1.2, innerHeight / innerWidth));
  for (let row = 0; row < total; row++) {
    // Works of one year are offset sideways by multiples of the golden ratio.
    const beside = ((row * 0.618034) % 1) - 0.5;
    const dated = !Number.isNaN(middles[row]);
    result[2 * row] = dated ? alongYears(middles[row] + 0.8 * beside) : UNDATED.middle + UNDATED.width * beside;
    result[2 * row + 1] = -high * pca[2 * row];
  }
  return result;
}

/** Moves from cell to cell of the grid. All likenesses have the same grid, whose top row is full. */
const cell = (() => {
  const grid = measured[`${given.likenesses[0]} grid`];
  if (!grid) return 0;
  const [low, high] = bounds(grid);
  const columns = grid.filter((value, at) => at % 2 && value === low[1]).length;
  return (high[0] - low[0]) / Math.max(columns - 1, 1) || 1;
})();

function wantedPlaces() {
  const wanted = `${state.likeness} ${state.place}`;
  if (!state.spread || state.place === "grid") return measured[wanted];
  stretched[wanted] ??= spreadOut(measured[wanted], state.place);
  return stretched[wanted];
}

// Up to 8: colours that colour-blind people can distinguish (Okabe and Ito). Up to 18: colours that others can distinguish
// (Trubetskoy's list of simple, distinct colours). Beyond: hues a golden angle apart.
const EIGHT = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442", "#7a7a7a"];
const EIGHTEEN = [
  "#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#42d4f4", "#f032e6", "#bfef45",
  "#469990", "#9a6324", "#800000", "#808000", "#000075", "#fabed4", "#dcbeff", "#aaffc3", "#a9a9a9",
];

function category(number, count) {
  if (count <= EIGHT.length) return EIGHT[number];
  if (count <= EIGHTEEN.length) return EIGHTEEN[number];
  const light = [52, 68, 40][number % 3];
  return hex((number * 137.508) % 360, 62, light);
}

function hex(hue, saturation, lightness) {
  const chroma = (saturation / 100) * Math.min(lightness / 100, 1 - lightness / 100);
  const part = (n) => {
    const k = (n + hue / 30) % 12;
    const value = lightness / 100 - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(255 * value).toString(16).padStart(2, "0");
  };
  return `#${part(0)}${part(8)}${part(4)}`;
}

// From orange through grey to blue, at silhouettes of -0.3, 0 and 0.3; few paintings are beyond.
const REACH = 0.3;
const ENDS = [[213, 94, 0], [168, 164, 155], [0, 114, 178]];
const UNKNOWN = "#777777";

function silhouetteColour(value) {
  if (value === null) return UNKNOWN;
  const at = Math.max(-1, Math.min(1, value / REACH));
  const end = at < 0 ? ENDS[0] : ENDS[2];
  return mixed(ENDS[1], end, Math.abs(at));
}

/** Interpolate between two colours. */
function mixed(one, other, share) {
  const parts = one.map((part, i) => Math.round(part + (other[i] - part) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

// Viridis without its darkest and lightest colours, which are hard to see on the background.
const AGES = [[71, 42, 122], [55, 90, 140], [37, 132, 142], [38, 173, 129], [117, 208, 84], [223, 227, 24]];

/** From the first selected year to the last. */
function periodColour(year) {
  if (Number.isNaN(year)) return UNKNOWN;
  const at = Math.max(0, Math.min(1, (year - state.from) / (state.to - state.from || 1))) * (AGES.length - 1);
  const below = Math.min(Math.floor(at), AGES.length - 2);
  return mixed(AGES[below], AGES[below + 1], at - below);
}

/** Index of the artist or movement that colours a painting; of several movements, a selected one. */
function groupOf(row) {
  const own = GROUPS[state.colour].of(row);
  return own.find((number) => state[state.colour].includes(number)) ?? own[0];
}

/** Colour of a painting's frame, or null without a frame. */
function frameColour(row) {
  if (state.colour === "period") return periodColour(middles[row]);
  if (state.colour === "silhouette") return silhouetteColour(given.silhouettes[row]);
  if (!(state.colour in GROUPS)) return null;
  const group = groupOf(row);
  return group === undefined ? UNKNOWN : category(group, GROUPS[state.colour].names.length);
}
