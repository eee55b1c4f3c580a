// Labels of regions: the movement or artist that is over-represented in a part of the map. Shown when zoomed out.

const regionLayer = byId("regions");
const PARTS = 10; // along the map's longer side
const LIFT = 1.5; // times the overall frequency
const TELLING = 10; // minimum score, such as five paintings at eight times the overall frequency
const AFAR = 2.5; // times the zoom that shows all
let regions = { of: "", labels: [] };

/** Artists if frames show artists, or if no movement is known. */
const regionsBy = () => (state.colour === "artist" || !given.movementNames.length ? "artist" : "movement");

/**
 * What may be written where, most telling first.
 *
 * Of every square part of the map the name with the greatest count * log(share there / share overall, filtered out or not), which
 * is what it adds to the likelihood ratio of the part (Dunning 1993). Parts side by side with one name are one region, and its middle is the mean
 * of the places of those paintings.
 */
function findRegions(places, by) {
  const { names, of } = GROUPS[by];
  const rows = [...shown.keys()].filter((row) => shown[row]);
  const overall = countBy(of);
  const [low, high] = bounds(rows.flatMap((row) => [places[2 * row], places[2 * row + 1]]));
  const side = Math.max(high[0] - low[0], high[1] - low[1]) / PARTS || 1;
  const [parts, named] = [new Map(), new Map()];
  for (const row of rows) {
    const at = [0, 1].map((axis) => Math.floor((places[2 * row + axis] - low[axis]) / side)).join();
    if (!parts.get(at)?.push(row)) parts.set(at, [row]);
  }
  for (const [at, within] of parts) {
    const found = mostTelling(within, of, (number) => overall.get(number) / total);
    if (found) named.set(at, found);
  }
  return joined(named)
    .map(({ number, weight, rows }) => ({ name: names[number], weight, x: mean(rows, places, 0), y: mean(rows, places, 1) }))
    .sort((a, b) => b.weight - a.weight);
}

const mean = (rows, places, axis) => rows.reduce((sum, row) => sum + places[2 * row + axis], 0) / rows.length;

function mostTelling(rows, of, shareOf) {
  let best = null;
  const counts = new Map();
  for (const row of rows) for (const number of of(row)) counts.set(number, (counts.get(number) ?? 0) + 1);
  for (const [number, count] of counts) {
    const lift = count / rows.length / shareOf(number);
    const weight = count * Math.log(lift);
    if (lift >= LIFT && weight > (best?.weight ?? TELLING)) best = { number, weight };
  }
  return best && { ...best, rows: rows.filter((row) => of(row).includes(best.number)) };
}

/** Adjacent parts with the same label, merged. */
function joined(named) {
  const result = [];
  while (named.size) {
    const [[first, region]] = named;
    const next = [first];
    named.delete(first);
    while (next.length) {
      const [x, y] = next.pop().split(",").map(Number);
      for (const beside of [[x + 1, y], [x - 1, y], [x, y + 1], [x, y - 1]].map(String)) {
        const other = named.get(beside);
        if (other?.number !== region.number) continue;
        region.weight += other.weight;
        region.rows.push(...other.rows);
        named.delete(beside);
        next.push(beside);
      }
    }
    result.push(region);
  }
  return result;
}

/** The labels of this layout and filter, cached. */
function regionLabels() {
  const by = regionsBy();
  const of = [state.likeness, state.place, state.spread, by, state.artist, state.movement, state.from, state.to, state.undated].join(";");
  if (regions.of === of) return regions.labels;
  const spans = findRegions(wantedPlaces(), by).map((region) => ({ ...region, span: make("span", {}, region.name) }));
  regionLayer.replaceChildren(...spans.map(({ span }) => span));
  const labels = spans.map((label) => ({ ...label, width: label.span.offsetWidth, height: label.span.offsetHeight }));
  regions = { of, labels };
  return labels;
}

/** Boxes of the controls above the map: left, top, width and height on the canvas. */
function covered() {
  const { left, top } = canvas.getBoundingClientRect();
  const boxes = [legend, byId("chosen"), document.querySelector(".zoom")].map((part) => part.getBoundingClientRect());
  return boxes.map((box) => [box.left - left, box.top - top, box.width, box.height]);
}

/** Draw each label that is fully visible and overlaps no higher-scoring one. */
function drawRegions() {
  regionLayer.hidden = state.selected >= 0 || gliding || scene.camera.zoom > AFAR * wholeView().zoom;
  if (regionLayer.hidden) return;
  const taken = covered();
  for (const { span, x, y, width, height } of regionLabels()) {
    const left = across(x) - width / 2;
    const top = (y - scene.camera.y) * pixelsPerUnit() + (scene.size.height - height) / 2;
    const inside = left > 0 && top > 0 && left + width < scene.size.width && top + height < scene.size.height;
    const free = taken.every(([l, t, w, h]) => left > l + w + 8 || left + width + 8 < l || top > t + h + 4 || top + height + 4 < t);
    span.hidden = !inside || !free;
    if (span.hidden) continue;
    taken.push([left, top, width, height]);
    span.style.translate = `${left}px ${top}px`;
  }
}
