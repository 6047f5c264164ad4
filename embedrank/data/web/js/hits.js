// The list of hits: a card each, with its way through the stages and what can be done with it.
import { ask } from "./api.js";
import { ICONS, by, drawing, h, isCode, marked, toast } from "./dom.js";
import { journey } from "./journey.js";
import { openReader } from "./reader.js";

/** The list; `query` is what thumbs are given for, `onLike` looks for documents like one. */
export function hitList({ hits, found, query, onLike }) {
  return h("ol", { class: "hits", "aria-label": "Hits" }, hits.map((hit) => card(hit, { found, query, onLike })));
}

/** Where a hit is, for people: path and line, else the id. */
export const whereabouts = (hit) => (hit.path ? `${hit.path}${hit.start_line ? `:${hit.start_line}` : ""}` : hit.document_id);

function card(hit, { found, query, onLike }) {
  const open = () => openReader(hit.document_id, { chunk: hit.id, spans: hit.highlights });
  const like = () => onLike(hit);
  const node = h("li", null, h("article", {
    class: "card hit", tabindex: "0", "data-id": hit.id, "aria-label": `Hit ${hit.rank}: ${hit.title || whereabouts(hit)}`,
    onclick: (event) => { if (!event.target.closest("button") && !String(getSelection())) open(); },
  },
  h("div", { class: "place", "aria-hidden": "true" }, hit.rank),
  h("div", null,
    hit.title && h("h3", { dir: "auto" }, hit.title.replaceAll(" > ", " › ")),
    h("div", { class: "where small" }, h("span", { class: "path" }, whereabouts(hit)), hit.lang && h("span", { class: "chip" }, hit.lang), h("span", { class: "num", title: "Comparable within this list only" }, `score ${hit.score.toFixed(3)}`)),
    h("p", { class: `text${isCode(hit.path) ? " code" : ""}`, dir: "auto" }, marked(hit.snippet.text, hit.snippet.marks)),
    h("div", { class: "foot" }, journey(hit, found), acts(hit, { query, open, like })))));
  const article = node.firstChild;
  article.acts = { open, like, thumb: (which) => article.querySelector(`.${which}`)?.click() };
  return node;
}

function acts(hit, { query, open, like }) {
  const row = h("div", { class: "acts" },
    h("button", { type: "button", class: "text-button", onclick: open }, "Open"),
    h("button", { type: "button", class: "text-button", onclick: like }, "Similar"));
  if (query) {
    const buttons = ["up", "down"].map((thumb) => h("button", {
      type: "button", class: `icon ${thumb}`, "aria-pressed": String(hit.thumb === thumb),
      "aria-label": thumb === "up" ? "A good answer" : "Not an answer", title: thumb === "up" ? "A good answer (u)" : "Not an answer (d)",
      onclick: () => judge(hit, query, hit.thumb === thumb ? "none" : thumb, buttons),
    }, drawing(...ICONS[thumb])));
    row.append(...buttons);
  }
  return row;
}

async function judge(hit, query, thumb, buttons) {
  try {
    const tally = await ask("/feedback", { method: "POST", body: { query, chunk_id: hit.id, thumb, rank: hit.rank } });
    hit.thumb = thumb === "none" ? null : thumb;
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.classList.contains(thumb))));
    toast(thumb === "none" ? "Taken back" : `Kept: ${tally.up} good, ${tally.down} not; the model can be tuned with it`);
  } catch (error) {
    toast(`Not kept: ${error.message}`);
  }
}

/** Move the focus among the hits; up from the first goes back to the box. */
export function step(by_) {
  const cards = [...document.querySelectorAll(".hit")];
  const at = cards.indexOf(document.activeElement?.closest?.(".hit"));
  if (at === 0 && by_ < 0) { by("query").focus(); return; }
  cards[Math.min(Math.max(at + by_, 0), cards.length - 1)]?.focus();
}
