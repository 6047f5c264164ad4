// Making elements. Text goes in as text nodes and never as HTML, so that no document can bring markup along.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An HTML element; `on...` properties listen. */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** An SVG element. */
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

export const by = (id) => document.getElementById(id);

/** A line drawing of 24 by 24. */
export const drawing = (...paths) => s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, paths.map((d) => s("path", { d })));

export const ICONS = {
  up: ["M7 11v9H4v-9z", "M7 11l4-8c1.6 0 2.5 1 2.5 2.5V9H19a2 2 0 0 1 2 2.3l-1.2 7A2 2 0 0 1 17.8 20H7"],
  down: ["M17 13V4h3v9z", "M17 13l-4 8c-1.6 0-2.5-1-2.5-2.5V15H5a2 2 0 0 1-2-2.3l1.2-7A2 2 0 0 1 6.2 4H17"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  sun: ["M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5"],
  moon: ["M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"],
  upload: ["M12 16V4", "M7 9l5-5 5 5", "M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3"],
};

/** Replace what an element holds. */
export const show = (node, ...children) => node.replaceChildren(...children.flat(Infinity).filter(Boolean));

let fading = 0;

/** Say something in passing. */
export function toast(text) {
  const node = by("toast");
  node.textContent = text;
  node.classList.add("shown");
  clearTimeout(fading);
  fading = setTimeout(() => node.classList.remove("shown"), 3200);
}

/** Text with spans marked. Spans count code points, as the server does; a string of JavaScript counts otherwise. */
export function marked(text, spans) {
  const points = Array.from(text);
  const parts = [];
  let done = 0;
  for (const [low, high] of spans) {
    if (low < done) continue;
    parts.push(points.slice(done, low).join(""), h("mark", null, points.slice(low, high).join("")));
    done = high;
  }
  parts.push(points.slice(done).join(""));
  return parts;
}

const COUNT = new Intl.NumberFormat("en");
export const count = (number) => COUNT.format(number);
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
export const ms = (value) => (value >= 100 ? `${Math.round(value)}` : value >= 10 ? value.toFixed(1) : value.toFixed(2));
export const isCode = (path) => /\.(py|js|ts|tsx|jsx|go|rs|c|h|cc|cpp|java|rb|php|sh|bash|toml|ya?ml|json|css)$/i.test(path ?? "");
