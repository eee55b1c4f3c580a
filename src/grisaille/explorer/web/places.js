// Where every painting lies, and the colour of its frame.

const layouts = given.likenesses.flatMap((likeness) =>
  Object.entries(given.places[likeness]).map(([place, packed]) => [`${likeness} ${place}`, fitted(floats(packed))]),
);
// By likeness and place, as are the others once somebody has asked for them.
const measured = Object.fromEntries(layouts);
const stretched = {};

/** Both axes on one scale, the longer from -1 to 1; up is up. */
function fitted(places) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  places.forEach((value, at) => {
    low[at % 2] = Math.min(low[at % 2], value);
    high[at % 2] = Math.max(high[at % 2], value);
  });
  const half = Math.max(high[0] - low[0], high[1] - low[1], 1e-9) / 2;
  return places.map((value, at) => ((value - (low[at % 2] + high[at % 2]) / 2) / half) * (at % 2 ? -1 : 1));
}

/** Each axis stretched where paintings crowd: seven tenths of the way to even spacing, the order kept. */
function spreadOut(places) {
  const result = new Float32Array(places.length);
  for (const axis of [0, 1]) {
    const rows = Array.from({ length: total }, (_, row) => row).sort((a, b) => places[2 * a + axis] - places[2 * b + axis]);
    rows.forEach((row, rank) => {
      const even = total > 1 ? (2 * rank) / (total - 1) - 1 : 0;
      result[2 * row + axis] = 0.3 * places[2 * row + axis] + 0.7 * even * (axis ? 0.75 : 1);
    });
  }
  return result;
}

function wantedPlaces() {
  const wanted = `${state.likeness} ${state.place}`;
  if (!state.spread) return measured[wanted];
  stretched[wanted] ??= spreadOut(measured[wanted]);
  return stretched[wanted];
}

// Up to eight: colours that colour-blind people can tell apart (Okabe and Ito). Up to eighteen: colours that others can
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

// From orange through grey to blue, at silhouettes of -0.3, 0 and 0.3: few paintings lie beyond.
const REACH = 0.3;
const ENDS = [[213, 94, 0], [168, 164, 155], [0, 114, 178]];
const UNKNOWN = "#777777";

function silhouetteColour(value) {
  if (value === null) return UNKNOWN;
  const at = Math.max(-1, Math.min(1, value / REACH));
  const end = at < 0 ? ENDS[0] : ENDS[2];
  const mixed = ENDS[1].map((grey, i) => Math.round(grey + (end[i] - grey) * Math.abs(at)));
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** The colour of a painting's frame, or null without one. */
function frameColour(row) {
  if (state.colour === "artist") return category(given.artist[row], given.artists.length);
  if (state.colour === "silhouette") return silhouetteColour(given.silhouettes[row]);
  if (state.colour === "movement") {
    const own = given.movements[row];
    // Of several, the one that is asked for.
    const one = own.includes(state.movement) ? state.movement : own[0];
    return one === undefined ? UNKNOWN : category(one, given.movementNames.length);
  }
  return null;
}
