// A text field with a list of suggestions.

/**
 * Let a field offer what its letters may mean.
 *
 * `ask(text)` looks for it, and calls `show(offers)` at once or later. `line(offer)` gives the children of its line,
 * `take(offer)` is called with the one that is chosen, and `leave` when the reader gives up.
 */
function combobox(input, list, { ask, line, take, leave = () => {} }) {
  let offers = [];
  let offered = -1;
  // Whether the suggestions belong to an earlier text, and whether Enter was pressed before the new ones arrived.
  let waiting = false;
  let entered = false;

  function look() {
    waiting = true;
    entered = false;
    ask(input.value);
  }

  function show(found) {
    waiting = false;
    offers = found;
    offered = offers.length ? 0 : -1;
    list.replaceChildren(...offers.map(option));
    if (!offers.length && input.value.trim()) list.append(make("li", { role: "presentation" }, "No match"));
    list.hidden = !input.value.trim();
    input.setAttribute("aria-expanded", String(!list.hidden && offers.length > 0));
    mark();
    if (entered && offered >= 0) choose(offers[0]);
    entered = false;
  }

  function option(offer, at) {
    const attributes = { role: "option", id: `${list.id}-${at}`, onpointerdown: (event) => event.preventDefault(), onclick: () => choose(offer) };
    return make("li", attributes, ...line(offer));
  }

  function mark() {
    [...list.children].forEach((child, at) => child.role === "option" && child.setAttribute("aria-selected", String(at === offered)));
    if (offered >= 0) {
      input.setAttribute("aria-activedescendant", `${list.id}-${offered}`);
      list.children[offered].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  function hide() {
    entered = false;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(offer) {
    hide();
    input.value = "";
    take(offer);
  }

  input.addEventListener("input", look);
  input.addEventListener("focus", () => input.value.trim() && look());
  input.addEventListener("blur", hide);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && waiting) {
      entered = true;
      event.preventDefault();
    } else if (step && offers.length) {
      offered = (offered + step + offers.length) % offers.length;
      mark();
      event.preventDefault();
    } else if (event.key === "Enter" && offered >= 0 && !list.hidden) {
      choose(offers[offered]);
      event.preventDefault();
    } else if (event.key === "Escape") {
      input.value = "";
      hide();
      leave();
    }
    event.stopPropagation();
  });
  return show;
}
