// Liked and disliked pictures as thumbnails that can be removed.

import { choose, lookFrom } from "./cards.js";
import { describe, image, nameOf, titleOf } from "./pictures.js";
import { change, state } from "./state.js";

const KINDS = { liked: ["♥", "Liked"], disliked: ["✕", "Not for me"] };

export function prepareTrays() {
  byId("forget").onclick = () => change({ liked: [], disliked: [], which: "" });
}

export async function drawTrays() {
  byId("trays").hidden = !(state.liked.length || state.disliked.length);
  for (const kind of Object.keys(KINDS)) {
    const tray = byId(kind);
    const names = state[kind];
    if (tray.dataset.names === names.join("\n")) continue;
    tray.dataset.names = names.join("\n");
    const rows = await Promise.all(names.map(describe));
    // The state may have changed meanwhile.
    if (tray.dataset.names === names.join("\n")) fill(tray, kind, rows);
  }
}

function fill(tray, kind, rows) {
  const [sign, word] = KINDS[kind];
  const title = make("h2", {}, make("span", { "aria-hidden": "true" }, sign), ` ${word} `, make("span", { class: "number" }, String(rows.length)));
  const items = rows.map((row) =>
    make(
      "li",
      {},
      make("button", { type: "button", class: "see", title: nameOf(row), "aria-label": `Find works like ${nameOf(row)}`, onclick: () => lookFrom(row.painting_id) }, image(row, 128)),
      make("button", { type: "button", class: "remove", "aria-label": `Remove: ${titleOf(row)}`, onclick: () => choose(row.painting_id, kind) }, "×"),
    ),
  );
  tray.hidden = !rows.length;
  tray.replaceChildren(title, make("ul", { "aria-label": word }, ...items));
}
