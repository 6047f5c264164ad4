// The map tab: every chunk a point; neighbours among the vectors lie side by side. Hits of the search wear rings.
import { ask } from "./api.js";
import { by, count, h, plural, s, show } from "./dom.js";
import { NUM_HUES, groupColor, isDark } from "./palette.js";
import { MapView } from "./map_view.js";
import { openReader } from "./reader.js";
import { answered } from "./search.js";

const GROUPINGS = { folder: "folder", lang: "language" };
const UNNAMED = { folder: "no file", lang: "not known" };
let map = null;
let view = null;
let grouping = "folder";
let only = null;

/** Show the map; drawn by the server when the index has changed, and kept otherwise. */
export async function enter() {
  const tab = by("tab-map");
  if (!view) show(tab, h("div", { class: "skeleton" }));
  try {
    map = await ask("/map");
  } catch (error) {
    view = null;
    show(tab, h("div", { class: "card empty", role: "alert" }, h("h2", null, "There is no map"), h("p", null, error.message), h("button", { type: "button", class: "button", onclick: enter }, "Try again")));
    return;
  }
  if (!map.points.length) {
    view = null;
    show(tab, h("div", { class: "card empty" }, h("h2", null, "Nothing to draw yet"), h("p", null, "The map shows every part of every document. Add some first."), h("a", { class: "button main", href: "/?tab=library" }, "Add documents")));
    return;
  }
  if (!map.points.some((point) => point.folder)) grouping = "lang";
  build(tab);
}

/** Draw again: in other colours, or with other hits. */
export function repaint() {
  if (view) paint();
}

function build(tab) {
  const canvas = h("canvas", { tabindex: "0", role: "img", "aria-label": `Map of ${plural(map.num_points, "chunk")}. Arrow keys walk from point to point, Enter opens, plus and minus zoom.` });
  const tip = h("div", { class: "tip", hidden: true, role: "status" });
  const select = h("select", { "aria-label": "Colour by", onchange: () => { grouping = select.value; only = null; paint(); } }, Object.entries(GROUPINGS).map(([value, name]) => h("option", { value, selected: value === grouping }, `colour by ${name}`)));
  const shown = map.is_sample ? `${count(map.num_points)} of ${count(map.num_chunks)} chunks, a sample` : plural(map.num_points, "chunk");
  show(tab,
    h("div", { class: "head map-head" }, h("div", null, h("h2", null, "Map"), h("p", { class: "quiet small" }, `${shown}. Near each other means alike.`, h("span", { id: "ringed" }))), select),
    h("div", { class: "card map" }, canvas, h("div", { class: "zoom" }, [["+", 1.5, "Zoom in"], ["−", 1 / 1.5, "Zoom out"], ["⤢", 0, "Whole map"]].map(([text, factor, name]) => h("button", { type: "button", "aria-label": name, title: name, onclick: () => (factor ? view.zoom(factor) : view.whole()) }, text))), tip),
    h("div", { class: "groups", id: "groups", "aria-label": "Groups" }));
  view?.end();
  view = new MapView(canvas, tip, { onOpen: (point) => openReader(point.document_id, { chunk: point.id }), describe });
  paint();
}

function paint() {
  const groups = largestFirst(map.points.map(groupOf));
  const place = new Map(groups.map(([name], at) => [name, at]));
  const dark = isDark();
  const hits = answered()?.hits ?? [];
  const rank = new Map(hits.map((hit) => [hit.id, hit.rank]));
  by("ringed").textContent = hits.length ? ` The ${plural(hits.length, "hit")} of your search ${hits.length === 1 ? "wears a ring" : "wear rings"}.` : "";
  view.set(map.points.map((point) => {
    const group = groupOf(point);
    return { ...point, color: groupColor(place.get(group), dark), isFaint: only !== null && group !== only, rank: rank.get(point.id) };
  }));
  const legend = groups.slice(0, NUM_HUES);
  const others = groups.slice(NUM_HUES).reduce((sum, [, number]) => sum + number, 0);
  show(by("groups"), legend.map(([name, number], at) => h("button", { type: "button", "aria-pressed": String(only === name), onclick: () => { only = only === name ? null : name; paint(); } },
    s("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, s("circle", { cx: 6, cy: 6, r: 6, fill: groupColor(at, dark) })), `${name} `, h("small", null, count(number)))),
  others > 0 && h("span", { class: "small quiet" }, `and ${count(others)} in smaller groups`));
}

const groupOf = (point) => (point[grouping] === "." ? "top folder" : point[grouping] ?? UNNAMED[grouping]);

function largestFirst(names) {
  const numbers = new Map();
  for (const name of names) numbers.set(name, (numbers.get(name) ?? 0) + 1);
  return [...numbers].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
}

function describe(point) {
  const name = point.title || point.path || point.document_id;
  return [h("b", { dir: "auto" }, point.rank ? `${point.rank}. ${name}` : name), point.path && point.title && h("div", { class: "path quiet" }, point.path), h("p", { class: "quiet", dir: "auto" }, point.text)];
}
