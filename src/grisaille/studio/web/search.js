// Search for paintings and artists by name.

import { Latest, given, json } from "./ask.js";
import { lookFrom, openArtist } from "./cards.js";
import { byline, image, learn, titleOf } from "./pictures.js";
import { about } from "./state.js";

const newest = new Latest();

/** Paintings whose title, name or artist contains all words. */
export async function findPaintings(text, limit, show, before = []) {
  if (!text.trim()) return show([]);
  try {
    const found = await newest.ask((signal) => json(`paintings?${given({ q: text, limit })}`, { signal }));
    if (found) show([...before, ...learn(found.paintings)]);
  } catch {
    show(before);
  }
}

export const paintingLine = (row) => [image(row, 64), make("span", {}, titleOf(row), make("small", {}, byline(row)))];

function findArtists(text) {
  const words = plain(text).split(/\s+/).filter(Boolean);
  const fits = ({ artist }) => words.every((word) => plain(artist).includes(word));
  return words.length ? about.collection.artists.filter(fits).slice(0, 4) : [];
}

export function prepareSearch() {
  const show = combobox(byId("query"), byId("suggestions"), {
    ask: (text) => findPaintings(text, 10, show, findArtists(text)),
    line: (offer) => (offer.painting_id ? paintingLine(offer) : [make("span", {}, offer.artist, make("small", {}, `all ${thousands(offer.paintings)} works`))]),
    take: (offer) => (offer.painting_id ? lookFrom(offer.painting_id) : openArtist(offer.artist)),
  });
}
