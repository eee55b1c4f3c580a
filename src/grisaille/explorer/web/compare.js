// Two paintings side by side: the pinned and the chosen one.

const comparing = byId("compare");
// Inside the studio, larger pictures are available at a URL with {} for the painting's name.
const served = frameElement?.dataset.pictures ?? "";
const largePicture = (row) => served && served.replace("{}", encodeURIComponent(given.names[row]));

/** Pin a painting for a comparison, or none (-1). */
function pin(row) {
  state.pinned = row;
  fillChosen();
  fillActions();
  remember();
}

/** Actions on the chosen painting. */
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

/** A picture scaled to the available space, at most to its own pixels. */
function large(row) {
  const stored = pictureOf(row);
  const attributes = { alt: `${titleOf(row)}, by ${artistOf(row).name}`, src: largePicture(row) || stored };
  const picture = stored ? make("img", attributes) : make("span", { class: "blank" });
  picture.onerror = () => picture.src !== stored && (picture.src = stored);
  const museum = given.museums?.[row];
  return make("figure", {}, picture, make("figcaption", {}, titleOf(row), byline(row), museum ? make("small", {}, museum) : ""));
}

/** Rank of one painting among another's nearest. */
function rankAmong(likeness, of, row) {
  const rows = nearest(likeness, of);
  const rank = rows.indexOf(row) + 1;
  return rank ? `number ${rank}` : `not among ${rows.length}`;
}
