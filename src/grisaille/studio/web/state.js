// The reader's choices. The page shows a function of this state, and the URL holds all of it.

export const OWN = "own-";
export const isOwn = (picture) => picture.startsWith(OWN);

const NOTHING = {
  picture: "",
  part: null,
  weights: {},
  liked: [],
  disliked: [],
  diversity: null,
  artist: "",
  movement: "",
  from: "",
  to: "",
  unnamed: false,
  which: "",
  find: "",
  view: "",
  of: "",
  open: "",
  pair: [],
};
export const state = structuredClone(NOTHING);
export const UNFILTERED = { artist: "", movement: "", from: "", to: "", unnamed: false };

/** The server's facts about the collection; initial weights of the sliders; facts about pictures. */
export const about = { collection: null, weights: {}, diversity: 0.3 };

const WORDS = ["picture", "artist", "movement", "from", "to", "which", "find", "view", "of", "open"];
const LISTS = ["liked", "disliked", "pair"];
let draw = () => {};

/** Change parts of the state. Each change adds a history entry unless it replaces the previous one. */
export function change(wanted, { replace = false } = {}) {
  Object.assign(state, wanted);
  const address = `${location.pathname}${location.search}${written()}`;
  if (address !== `${location.pathname}${location.search}${location.hash}`) {
    history[replace ? "replaceState" : "pushState"](null, "", address);
  }
  draw();
}

const decimal = (number) => String(Number(number.toFixed(3)));

/** Weights as the server expects them: `style:1,colour:0.15`; null for the run's own mixture. */
export function likeness() {
  const own = Object.entries(state.weights);
  if (own.every(([name, share]) => share === about.weights[name])) return null;
  return own.map(([name, share]) => `${name}:${decimal(share)}`).join(",");
}

function written() {
  const kept = new URLSearchParams();
  for (const name of WORDS) if (state[name]) kept.set(name, state[name]);
  for (const name of LISTS) for (const value of state[name]) kept.append(name, value);
  if (state.part) kept.set("part", state.part.map(decimal).join(","));
  if (likeness()) kept.set("likeness", likeness());
  if (state.diversity !== about.diversity) kept.set("variety", decimal(state.diversity));
  if (state.unnamed) kept.set("new", "1");
  return kept.size ? `#${kept}` : "";
}

function read() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const found = structuredClone(NOTHING);
  for (const name of WORDS) found[name] = kept.get(name) ?? "";
  for (const name of LISTS) found[name] = [...new Set(kept.getAll(name))];
  const part = (kept.get("part") ?? "").split(",").map(Number);
  const inside = part.length === 4 && part.every((at) => at >= 0 && at <= 1) && part[0] < part[2] && part[1] < part[3];
  found.part = inside ? part : null;
  found.weights = { ...about.weights };
  for (const given of (kept.get("likeness") ?? "").split(",")) {
    const [name, share] = given.split(":");
    if (name in found.weights && Number(share) >= 0) found.weights[name] = Number(share);
  }
  const variety = Number(kept.get("variety") ?? NaN);
  found.diversity = variety >= 0 && variety <= 1 ? variety : about.diversity;
  found.unnamed = kept.get("new") === "1";
  return found;
}

/** Read the state from the URL, now and after navigation in the history. */
export function follow(drawn, check) {
  draw = drawn;
  const recall = () => {
    Object.assign(state, check(read()));
    draw();
  };
  addEventListener("popstate", recall);
  recall();
}
