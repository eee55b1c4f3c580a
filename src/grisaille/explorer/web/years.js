// Years: the slider with two handles, the legend of periods, and the axis of the layout by date.

const slider = byId("years");
const handles = { from: byId("from"), to: byId("to") };
const stageBox = byId("stage");
const axis = byId("axis");

function prepareYears() {
  if (!slider) return;
  for (const [name, handle] of Object.entries(handles)) {
    // From the start of the first year to the end of the last, aligned with the bars.
    Object.assign(handle, name === "from" ? { min: earliest, max: latest + 1 } : { min: earliest - 1, max: latest });
    handle.oninput = () => pullYears(name);
    handle.onchange = sayYears;
  }
  byId("undated").closest("label").hidden = !undated;
  byId("undated").onchange = (event) => {
    setFilter({ undated: event.target.checked });
    sayYears();
  };
  drawDecades();
}

/** Start of a year on the slider, in per cent from its left end. */
const alongSlider = (year) => (100 * (year - earliest)) / (latest + 1 - earliest);
const spanned = (from, to) => (from === to ? `${from}` : `${from}\u2013${to}`);

let pulled = 0;

/** A handle stops at the other one; the map is updated at most once a frame. */
function pullYears(name) {
  const wanted = Number(handles[name].value);
  state[name] = name === "from" ? Math.min(wanted, state.to) : Math.max(wanted, state.from);
  fillYears();
  cancelAnimationFrame(pulled);
  pulled = requestAnimationFrame(settle);
  restSoon();
}

function sayYears() {
  cancelAnimationFrame(pulled);
  settle();
  said.textContent = `${byId("count").textContent}, ${spanned(state.from, state.to)}`;
}

/** Set the slider from the state. */
function fillYears() {
  if (!slider) return;
  for (const [name, handle] of Object.entries(handles)) {
    handle.value = state[name];
    slider.style.setProperty(`--${name}`, `${alongSlider(state[name] + (name === "to"))}%`);
  }
  // If both handles are at one end, the one that can move is on top.
  handles.from.style.zIndex = state.from > (earliest + latest) / 2 ? 1 : 0;
  byId("span").textContent = spanned(state.from, state.to);
  byId("undated").checked = state.undated;
  slider.classList.toggle("set", state.from !== earliest || state.to !== latest || !state.undated);
}

/** A bar a decade behind the slider; its height is the number of works. */
function drawDecades() {
  const counts = new Map();
  for (const year of middles) {
    const decade = 10 * Math.floor(year / 10);
    if (!Number.isNaN(year)) counts.set(decade, (counts.get(decade) ?? 0) + 1);
  }
  const most = Math.max(...counts.values());
  const along = (year) => alongSlider(Math.max(earliest, Math.min(latest + 1, year)));
  const bars = [...counts].map(([decade, count]) => `M${along(decade)} 100V${96 - (96 * count) / most}H${along(decade + 10)}V100Z`);
  byId("decades").setAttribute("d", bars.join(""));
}

function recallYears(kept) {
  const year = (name) => {
    const wanted = Number(kept.get(name) ?? NaN);
    return Number.isInteger(wanted) ? Math.max(earliest, Math.min(latest, wanted)) : UNFILTERED[name];
  };
  state.from = year("from");
  state.to = Math.max(year("to"), state.from);
  state.undated = kept.get("undated") !== "0" || !undated;
}

/** The legend of periods. */
function periods() {
  const colours = AGES.map(([red, green, blue]) => `rgb(${red} ${green} ${blue})`).join(", ");
  const ends = [state.from, Math.round((state.from + state.to) / 2), state.to];
  return [
    make("strong", {}, "Year"),
    make("div", { class: "scale", style: `background: linear-gradient(to right, ${colours})` }),
    make("div", { class: "ends" }, ...ends.map((year) => make("span", {}, year))),
    middles.some((year, row) => shown[row] && Number.isNaN(year)) ? make("div", { class: "without" }, make("i", { style: `background: ${UNKNOWN}` }), "undated") : "",
  ];
}

// The axis labels years where there is room, multiples of 100 first.

const STEPS = [1000, 500, 100, 50, 10, 5, 1];
const ROOM = 46; // minimum pixels between two labels

function showAxis() {
  axis.hidden = state.place !== "date";
  stageBox.classList.toggle("dated", !axis.hidden);
  resize();
}

/** Horizontal position on the canvas of a point of the layout. */
const across = (x) => (x - scene.camera.x) * pixelsPerUnit() + scene.size.width / 2;
const acrossYear = (year) => across(state.spread ? spreadYears(alongYears(year)) : alongYears(year));

const dates = middles.map((_, row) => measured[`${given.likenesses[0]} date`][2 * row]).filter((_, row) => !Number.isNaN(middles[row])).sort();

/** `spreadOut` applied to a position between dated works. */
function spreadYears(x) {
  const inside = Math.max(dates[0], Math.min(dates.at(-1), x));
  let [low, high] = [0, dates.length - 1];
  while (high - low > 1) {
    const half = (low + high) >> 1;
    if (dates[half] <= inside) low = half;
    else high = half;
  }
  const share = (inside - dates[low]) / (dates[high] - dates[low] || 1);
  return spaced(inside, low + share, dates.length, 1) + x - inside;
}

const outside = (year) => year < earliest || year > latest;

/** Whether a year may be labelled, given labels a step before and after it. */
const roomy = (year, step) =>
  [year - step, year + step].every((other) => outside(other) || Math.abs(acrossYear(other) - acrossYear(year)) >= ROOM);

/** Years between two labels, as many as there is room for; stretched parts of the axis have more. */
function yearsBetween(begin, end, level) {
  const step = STEPS[level];
  const [left, right] = [begin, end].map(acrossYear);
  if (!step || right < 0 || left > scene.size.width || right - left < ROOM) return [];
  const years = [];
  for (let year = begin; year < end; year += step) {
    if (year > begin && !outside(year) && roomy(year, step)) years.push(year);
    years.push(...yearsBetween(year, year + step, level + 1));
  }
  return years;
}

/** Position of the word "undated": below its column, fully visible as long as part of the column is. */
function acrossUndated() {
  const x = across(UNDATED.middle);
  const inside = x + (UNDATED.width / 2) * pixelsPerUnit() > 0;
  return inside ? Math.max(x, 0.65 * ROOM) : x;
}

function drawAxis() {
  if (axis.hidden) return;
  const begin = STEPS[0] * (Math.ceil(earliest / STEPS[0]) - 1);
  const marks = yearsBetween(begin, latest + STEPS[0], 0).map((year) => [year, acrossYear(year)]);
  if (undated) {
    const x = acrossUndated();
    marks.splice(0, marks.filter(([, left]) => left - x < 1.2 * ROOM).length, ["undated", x]);
  }
  while (axis.children.length < marks.length) axis.append(make("span"));
  [...axis.children].forEach((label, at) => {
    label.hidden = at >= marks.length;
    if (label.hidden) return;
    label.textContent = marks[at][0];
    label.style.left = `${marks[at][1]}px`;
  });
}
