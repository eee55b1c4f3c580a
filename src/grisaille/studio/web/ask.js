// Requests to the server. Outdated answers are dropped, so answers arrive in the order of the requests.

import { about } from "./state.js";

/** An error response, with a message for the reader. */
export class Refused extends Error {
  constructor(words, status) {
    super(words);
    this.status = status;
  }
}

let newer = () => {};
/** Call this when another run starts to answer. */
export const onNewerRun = (told) => (newer = told);

async function asked(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The studio does not answer. Is “grisaille serve” still running?", 0);
  }
  if (!response.ok) {
    const { error } = await response.json().catch(() => ({}));
    const words = error ?? `The studio answered ${response.status}.`;
    throw new Refused(words.charAt(0).toUpperCase() + words.slice(1), response.status);
  }
  const run = response.headers.get("X-Grisaille-Run");
  if (run && about.collection && run !== about.collection.run) newer(run);
  return response;
}

export const json = async (address, options) => (await asked(address, options)).json();
export const blob = async (address, options) => (await asked(address, options)).blob();
export const post = (value, signal) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
  signal,
});

/** Query parameters; null and empty values are left out. */
export const given = (values) =>
  new URLSearchParams(Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== ""));

const pause = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

/** Wait until the server accepts uploads. */
export async function loaded(signal) {
  about.collection = await json("collection", { signal });
  while (about.collection.models === "loading") {
    await pause(500, signal);
    about.collection = await json("collection", { signal });
  }
  if (about.collection.models === "failed") {
    throw new Refused(`The network could not be loaded: ${about.collection.reason}`, 0);
  }
}

/** Requests of which only the last one counts. */
export class Latest {
  #current = null;

  /** The answer of `work(signal)`, or undefined if it was stopped or replaced by a newer request. */
  async ask(work) {
    this.#current?.abort();
    const mine = (this.#current = new AbortController());
    try {
      const found = await work(mine.signal);
      return mine === this.#current ? found : undefined;
    } catch (error) {
      if (mine !== this.#current || error.name === "AbortError") return undefined;
      throw error;
    }
  }

  stop() {
    this.#current?.abort();
    this.#current = null;
  }
}

/** A message, elapsed seconds and a stop button in an element during a long request. */
export class Progress {
  #timer = 0;

  constructor(element) {
    this.element = element;
  }

  begin(words, stop) {
    clearInterval(this.#timer);
    const begun = performance.now();
    const seconds = make("span", {});
    const button = make("button", { type: "button", class: "quiet", onclick: stop }, "Stop");
    const said = make("span", { role: "status" });
    this.element.replaceChildren(make("span", { class: "turning", "aria-hidden": "true" }), said, seconds, button);
    this.#timer = setInterval(() => {
      const passed = (performance.now() - begun) / 1000;
      // Short requests show no message.
      this.element.hidden = passed < 0.4;
      const told = about.collection?.models === "loading" ? "The network is loading" : words;
      if (said.textContent !== told) said.textContent = told;
      seconds.textContent = passed >= 2 ? `${Math.floor(passed)} s` : "";
    }, 100);
  }

  end() {
    clearInterval(this.#timer);
    this.element.hidden = true;
  }
}
