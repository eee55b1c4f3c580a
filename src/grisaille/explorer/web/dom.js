// Shared by the explorer and the studio: elements, text, and the light and dark themes.

/** Create an element with attributes and children; text is never parsed as markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const byId = (id) => document.getElementById(id);
const thousands = (number) => number.toLocaleString("en");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Normalise text for search: no accents, lower case. */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("_", " ").toLowerCase();

// Names of the likenesses.
const PLAIN = { mixture: "everything", style: "style", composition: "composition", colour: "colour", vectors: "vectors" };

/** Let a button switch the theme; the system's theme applies until the reader chooses one, which all pages share. */
function switchTheme(button, dressed = () => {}) {
  const key = "grisaille-theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let asked = null;
  const dress = () => {
    document.documentElement.dataset.theme = asked ?? (dark.matches ? "dark" : "light");
    dressed();
  };
  const recall = () => {
    try {
      asked = localStorage.getItem(key);
    } catch {
      // Some browsers have no storage for local files.
    }
    dress();
  };
  button.onclick = () => {
    asked = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(key, asked);
    } catch {
      // As above.
    }
    dress();
  };
  dark.addEventListener("change", dress);
  addEventListener("storage", (event) => event.key === key && recall());
  recall();
}
