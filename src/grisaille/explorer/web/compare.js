// Two paintings side by side: one is pinned, the other chosen.

const comparing = byId("compare");
// The studio around this page has larger pictures, at an address with {} for a painting's name; elsewhere there are none.
const served = frameElement?.dataset.pictures ?? "";
const largePicture = (row) => served && served.replace("{}", encodeURIComponent(given.names[row]));

/** Keep a painting for a comparison, or none (-1). */
function pin(row) {
  state.pinned = row;
  fillChosen();
  fillActions();
  remember();
}

/** What can be done with the chosen painting. */
function fillActions(focused = document.activeElement?.id) {
  const { selected: row, pinned } = state;
  if (row < 0) return;
  const own = row === pinned;
  const link = given.links?.[row];
  const host = link?.replace(/^https?:\/\/(www\.)?/i, "").split(/[/?#]/)[0];
  const page = { target: "_blank", rel: "noopener" };
  byId("actions").replaceChildren(
    make("button", { id: "pin", "aria-pressed": String(own), onclick: () => pin(own ? -1 : row) }, own ? "Pinned" : "Pin to compare"),
    pinned >= 0 && !own ? make("button", { id: "side-by-side", onclick: compare }, `Compare with ${titleOf(pinned)}`) : "",
    link ? make("a", { href: link, ...page }, `Open the original (${host})`) : "",
    served ? make("a", { href: largePicture(row), ...page }, "Open the picture, large") : "",
  );
  if (focused === "pin") byId("pin").focus();
}

function compare() {
  const { pinned, selected } = state;
  byId("two").replaceChildren(large(pinned), large(selected));
  const lines = given.likenesses.map((likeness) => {
    const cells = [rankAmong(likeness, pinned, selected), rankAmong(likeness, selected, pinned)];
    return make("tr", {}, make("th", { scope: "row" }, PLAIN[likeness]), ...cells.map((words) => make("td", {}, words)));
  });
  byId("ranks").replaceChildren(...lines);
  comparing.showModal();
}

/** A picture as large as there is room and there are pixels. */
function large(row) {
  const stored = pictureOf(row);
  const attributes = { alt: `${titleOf(row)}, by ${artistOf(row).name}`, src: largePicture(row) || stored };
  const picture = stored ? make("img", attributes) : make("span", { class: "blank" });
  picture.onerror = () => picture.src !== stored && (picture.src = stored);
  const museum = given.museums?.[row];
  return make("figure", {}, picture, make("figcaption", {}, titleOf(row), byline(row), museum ? make("small", {}, museum) : ""));
}

/** Where one is among another's nearest. */
function rankAmong(likeness, of, row) {
  const rows = nearest(likeness, of);
  const rank = rows.indexOf(row) + 1;
  return rank ? `number ${rank}` : `not among ${rows.length}`;
}
