// A rectangle on a picture: drawn with the pointer, or added by a button and moved with the arrow keys.

const LEAST = 0.04;
const STEP = 0.02;
const within = (value, least, most) => Math.max(least, Math.min(most, value));
const percent = (value) => `${Math.round(100 * value)}%`;

/**
 * Let the reader choose a part of the picture in `frame`.
 *
 * `chosen(part)` is called with fractions (left, top, right, bottom), or null, whenever one is settled.
 *
 * @returns `show(part)`, and `begin()` for those who use no pointer.
 */
export function partOf(frame, chosen) {
  let part = null;
  let drag = null;
  const corners = ["nw", "ne", "sw", "se"].map((name) => make("i", { class: `corner ${name}`, "data-corner": name }));
  const box = make(
    "div",
    { class: "crop", tabindex: "0", role: "application", "aria-roledescription": "part of the picture", hidden: true },
    ...corners,
  );
  frame.append(box);

  function show(wanted) {
    part = wanted;
    box.hidden = !part;
    frame.classList.toggle("parted", Boolean(part));
    if (!part) return;
    const [left, top, right, bottom] = part;
    Object.assign(box.style, { left: percent(left), top: percent(top), width: `${100 * (right - left)}%`, height: `${100 * (bottom - top)}%` });
    Object.assign(box.style, { left: `${100 * left}%`, top: `${100 * top}%` });
    const where = `from ${percent(left)} to ${percent(right)} across, from ${percent(top)} to ${percent(bottom)} down`;
    box.setAttribute("aria-label", `Part: ${where}. Arrow keys move it, with Shift they resize it, Delete removes it.`);
  }

  const point = (event) => {
    const { left, top, width, height } = frame.getBoundingClientRect();
    return [within((event.clientX - left) / width, 0, 1), within((event.clientY - top) / height, 0, 1)];
  };
  const between = ([x, y], [u, v]) => [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];

  frame.addEventListener("pointerdown", (event) => {
    // Touch scrolls the page unless there is a rectangle to move.
    if (event.button || (event.pointerType === "touch" && !part)) return;
    const corner = event.target.dataset?.corner;
    const at = point(event);
    if (corner) drag = { from: [corner.includes("w") ? part[2] : part[0], corner.includes("n") ? part[3] : part[1]] };
    else if (event.target === box) drag = { moved: part, at };
    else drag = { from: at, fresh: true };
    Object.assign(drag, { before: part, x: event.clientX, y: event.clientY });
    frame.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 6;
    if (!drag.going && !far) return;
    drag.going = true;
    const at = point(event);
    if (drag.moved) show(shifted(drag.moved, at[0] - drag.at[0], at[1] - drag.at[1]));
    else show(between(drag.from, at));
  });
  const end = (event) => {
    if (!drag) return;
    const { going, before } = drag;
    drag = null;
    if (!going) return;
    if (event.type === "pointercancel") return show(before);
    settle(part);
    box.focus({ preventScroll: true });
  };
  frame.addEventListener("pointerup", end);
  frame.addEventListener("pointercancel", end);

  function settle([left, top, right, bottom]) {
    const wide = Math.max(right, within(left + LEAST, 0, 1));
    const high = Math.max(bottom, within(top + LEAST, 0, 1));
    show([Math.min(left, wide - LEAST), Math.min(top, high - LEAST), wide, high].map((value) => Math.round(1000 * value) / 1000));
    chosen(part);
  }

  const shifted = ([left, top, right, bottom], dx, dy) => {
    const [x, y] = [within(dx, -left, 1 - right), within(dy, -top, 1 - bottom)];
    return [left + x, top + y, right + x, bottom + y];
  };

  const resized = ([left, top, right, bottom], dx, dy) => [left, top, within(right + dx, left + LEAST, 1), within(bottom + dy, top + LEAST, 1)];

  box.addEventListener("keydown", (event) => {
    const direction = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (direction) settle((event.shiftKey ? resized : shifted)(part, ...direction));
    else if (["Delete", "Backspace", "Escape"].includes(event.key)) chosen(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    show,
    begin: () => {
      settle(part ?? [0.25, 0.25, 0.75, 0.75]);
      box.focus();
    },
  };
}
