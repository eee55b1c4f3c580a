// Paintings of the collection by name, and the reader's own pictures, which only this window holds.

import { Refused, blob, given, json, loaded } from "./ask.js";
import { OWN, isOwn } from "./state.js";

const known = new Map();
const owns = new Map();
// Prefix of the server's names for uploaded pictures and parts.
const called = new Map();

/** Remember the server's facts about paintings. */
export function learn(rows) {
  for (const row of rows) known.set(row.painting_id, { ...known.get(row.painting_id), ...row });
  return rows;
}

/** Remember an own picture, and name it. */
export function keep(file) {
  const picture = `${OWN}${crypto.getRandomValues(new Uint32Array(2)).join("")}`;
  const title = file.name && !/^image\.\w+$/.test(file.name) ? file.name.replace(/\.\w+$/, "").replaceAll("_", " ") : "Your picture";
  owns.set(picture, { painting_id: picture, title, artist: "", own: true, file, url: URL.createObjectURL(file) });
  return picture;
}

/** Known facts about a picture; null for paintings not loaded yet and own pictures of another window. */
export const described = (picture) => owns.get(picture) ?? known.get(picture) ?? null;

/** The same, loaded if necessary. */
export async function describe(picture) {
  const found = described(picture);
  if (found || isOwn(picture)) return found;
  let told = { painting_id: picture, title: picture, artist: "" };
  try {
    told = await json(`paintings/${encodeURIComponent(picture)}`);
  } catch (error) {
    // A link may name a painting that no longer exists; requests about it report that, and it can be removed.
    if (error.status !== 404) throw error;
  }
  learn([told]);
  return told;
}

const named = (row) => row.title || row.painting_id.split("/").at(-1).replaceAll("_", " ");

/** The number of a work whose title is only a number, perhaps after its artist's name; null if it has a title. */
function numberOf(row) {
  if (!row.artist) return null;
  const rest = plain(named(row)).replace(plain(row.artist), "").trim();
  return /^\d+$/.test(rest) ? rest : null;
}

/** Title for a line above the artist. */
export const shortTitle = (row) => (numberOf(row) ? `No. ${numberOf(row)}` : named(row));
/** Title on its own: a numbered work includes its artist. */
export const titleOf = (row) => (numberOf(row) ? `${row.artist}, No. ${numberOf(row)}` : named(row));

/** One line of text, for screen readers. */
export const nameOf = (row) => [titleOf(row), byline(row)].filter(Boolean).join(", ");

/** The artist, unless the title begins with it, and the date. */
export function byline(row) {
  const repeated = row.artist && plain(titleOf(row)).startsWith(plain(row.artist));
  return [repeated ? "" : row.artist && `by ${row.artist}`, row.date].filter(Boolean).join(", ");
}

export const address = (row, side) =>
  row.url ?? `thumbnails/${encodeURIComponent(row.painting_id)}?side=${side}${row.version ? `&v=${row.version}` : ""}`;

/** An image that becomes a blank if it cannot be loaded. */
export function image(row, side, attributes = {}) {
  const element = make("img", { alt: "", decoding: "async", draggable: "false", ...attributes, src: address(row, side) });
  element.addEventListener("error", () => element.replaceWith(make("span", { class: "blank" })), { once: true });
  return element;
}

const key = (picture, part) => `${picture} ${part ?? ""}`;

/** URL of a picture: the reader's own file, or the painting in the displayed size. */
async function content(picture, signal) {
  if (!isOwn(picture)) return blob(address(await describe(picture), 1024), { signal });
  if (!owns.has(picture)) throw new Refused("This picture is not kept: give it again.", 0);
  return owns.get(picture).file;
}

async function send(picture, part, rest, signal) {
  await loaded(signal);
  const body = await content(picture, signal);
  const found = await json(`similar?${given({ ...rest, part: part?.join(",") })}`, { method: "POST", body, signal });
  called.set(key(picture, part), found.picture);
  return found;
}

/** The paintings most like a picture or a part of it. An own picture is sent again if the server has forgotten it. */
export async function similar(picture, part, rest, signal) {
  if (!isOwn(picture) && !part) return json(`similar?${given({ picture, ...rest })}`, { signal });
  const name = called.get(key(picture, part));
  if (name) {
    try {
      return await json(`similar?${given({ picture: name, ...rest })}`, { signal });
    } catch (error) {
      if (error.status !== 410) throw error;
    }
  }
  return send(picture, part, rest, signal);
}

/** The paintings that contain something like a part of a picture, each with its place as `box`. */
export async function showing(picture, part, n, signal) {
  await loaded(signal);
  const body = await content(picture, signal);
  return json(`parts?${given({ part: part.join(","), n })}`, { method: "POST", body, signal });
}

/** Send a request with the server's names of pictures, which are uploaded first, or again, if necessary. */
export async function withNames(pictures, work, signal) {
  const named = async () => {
    const names = [];
    for (const picture of pictures) {
      const name = isOwn(picture) ? called.get(key(picture)) ?? (await send(picture, null, { n: 1 }, signal)).picture : picture;
      names.push(name);
    }
    return names;
  };
  try {
    return await work(await named());
  } catch (error) {
    if (error.status !== 410) throw error;
    called.clear();
    return work(await named());
  }
}

/** A cropped picture, for routes that take no part. */
export async function cut(picture, part, signal) {
  const file = await content(picture, signal);
  if (!part) return file;
  const bitmap = await createImageBitmap(file);
  const [left, top, right, bottom] = part;
  const [width, height] = [Math.max(1, (right - left) * bitmap.width), Math.max(1, (bottom - top) * bitmap.height)].map(Math.round);
  const canvas = make("canvas", { width, height });
  canvas.getContext("2d").drawImage(bitmap, -left * bitmap.width, -top * bitmap.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
