// The search tab: from the fields to a request, from the answer to the page.
import { ask, documentPath } from "./api.js";
import * as choices from "./choices.js";
import { by, count, h, plural, show, toast } from "./dom.js";
import { hitList } from "./hits.js";
import { latencyBar } from "./latency.js";
import { DEFAULTS, write } from "./state.js";

const WAIT_MS = 250;
let state = { ...DEFAULTS };
let index = null;
let running = null;
let latest = null;
let onAnswer = () => {};

/** The answer on the page, for the map to show; null where there is none. */
export const answered = () => latest;

/** Listen to the fields; `heard` is called after each answer. */
export function start(heard) {
  onAnswer = heard;
  by("ask").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  let timer = 0;
  const changed = () => {
    state = { ...state, ...choices.get() };
    choices.tell(state);
    clearTimeout(timer);
    timer = setTimeout(() => { write(state); if (state.q || state.like) run(); }, WAIT_MS);
  };
  by("choices").addEventListener("input", changed);
  by("lang-chips").addEventListener("click", ({ target }) => {
    const chip = target.closest("[data-lang]");
    if (!chip) return;
    chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
    changed();
  });
  by("lang-chips").addEventListener("change", ({ target }) => {
    if (!target.dataset.more) return;
    state = { ...state, lang: [...state.lang, target.value] };
    choices.put(state);
    changed();
  });
  by("reset").addEventListener("click", () => { choices.put({ ...DEFAULTS }); changed(); });
}

/** Show what the address says. */
export function restore(read) {
  state = read;
  by("query").value = state.q;
  if (index) choices.put(state);
  if (state.q || state.like) run();
  else { latest = null; running?.abort(); show(by("answer"), welcome()); }
}

/** Fit everything to the index, once it is known; an error in its place is shown. */
export function fit(found) {
  index = found;
  if (index.dims) choices.fit(index);
  choices.put(state);
  if (!state.q && !state.like) show(by("answer"), welcome());
}

/** A search that could not begin, because there is no index to search. */
export function refuse(error) {
  show(by("answer"), trouble(error, () => location.reload()));
}

function submit() {
  const q = by("query").value.trim();
  if (!q) { by("query").focus(); return; }
  state = { ...state, ...choices.get(), q, like: "" };
  write(state, { step: true });
  run();
}

function like(hit) {
  state = { ...state, like: hit.document_id };
  write(state, { step: true });
  scrollTo({ top: 0 });
  run();
}

function unlike() {
  state = { ...state, like: "" };
  write(state, { step: true });
  restore(state);
}

/** What the server is asked: no more than differs from its own defaults need be said, but saying all is plain. */
function request() {
  const body = { query: state.q, top: state.top, recall: Math.max(state.recall, state.top), mode: state.mode, rerank: state.rerank, rerank_depth: state.depth, lang: state.lang };
  if (state.instruction) body.instruction = state.instruction;
  if (state.dim) body.dim = state.dim;
  if (state.path) body.path = state.path;
  return body;
}

async function run() {
  running?.abort();
  const mine = (running = new AbortController());
  const answer = by("answer");
  answer.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => show(answer, h("div", { class: "stack", "aria-label": "Searching" }, [0, 1, 2].map(() => h("div", { class: "skeleton" })))), 150);
  try {
    const found = state.like ? await ask(`${documentPath(state.like, "/similar")}?top=${state.top}`, { signal: mine.signal }) : await ask("/search", { method: "POST", body: request(), signal: mine.signal });
    if (mine !== running) return;
    latest = found;
    show(answer, state.like ? similar(found) : found.hits.length ? hits(found) : nothing());
    onAnswer();
    document.title = state.like ? "Similar documents · embedrank" : `${state.q} · embedrank`;
  } catch (error) {
    if (error.name === "AbortError") return;
    latest = null;
    show(answer, trouble(error, run));
  } finally {
    clearTimeout(slow);
    if (mine === running) answer.setAttribute("aria-busy", "false");
  }
}

function hits(found) {
  const of = index?.dim && found.dim < index.dim ? ` · ${found.dim} of ${index.dim} dimensions` : "";
  const candidates = Math.max(...Object.values(found.found));
  return [
    h("div", { class: "facts" },
      h("div", { class: "head" }, h("span", null, h("b", null, plural(found.hits.length, "hit")), h("span", { class: "quiet" }, ` from ${plural(candidates, "candidate")}${of}`)),
        h("button", { type: "button", class: "plain small", onclick: share }, "Copy link")),
      latencyBar(found.latency_ms)),
    hitList({ hits: found.hits, found: found.found, query: state.q, onLike: like }),
  ];
}

function similar(found) {
  return [
    h("div", { class: "like" }, h("span", null, "Documents like ", h("b", { class: "path" }, found.id.split("/").slice(-2).join("/"))),
      h("button", { type: "button", class: "button", onclick: unlike }, state.q ? "Back to the search" : "Close")),
    hitList({ hits: found.hits, found: { dense: found.hits.length }, query: "", onLike: like }),
  ];
}

function nothing() {
  const narrowed = state.path || state.lang.length;
  return h("div", { class: "card empty" }, h("h2", null, "Nothing found"), h("p", null, narrowed ? "No document that the filters let through matches. Take a filter off, or ask in other words." : "Ask in other words, or add documents that know."),
    narrowed && h("button", { type: "button", class: "button", onclick: () => by("reset").click() }, "Take filters off"));
}

function welcome() {
  if (!index) return h("div", { class: "skeleton", "aria-label": "Loading" });
  if (!index.num_chunks) {
    return h("div", { class: "card empty" }, h("h2", null, "This index is empty"), h("p", null, "Drop files anywhere on this page: text, Markdown, code, PDF, Word, HTML, CSV, JSON lines."), h("a", { class: "button main", href: "/?tab=library" }, "Add documents"));
  }
  const facts = [[count(index.num_documents), "documents"], [count(index.num_chunks), "chunks"], [index.dim, "dimensions"], [index.embedder, "embedder"], [index.reranker ?? "none", "reranker"]];
  return [
    h("div", { class: "tiles" }, facts.map(([value, name]) => h("div", { class: "card tile" }, h("b", null, value), h("span", null, name)))),
    index.examples.length > 0 && h("div", { class: "tries" }, h("h3", null, "Try what is in it"), h("div", { class: "chips" }, index.examples.map((title) => h("button", { type: "button", dir: "auto", onclick: () => { by("query").value = title; submit(); } }, title)))),
    h("p", { class: "quiet small hints" }, "Press ", h("kbd", null, "Enter"), " to search, ", h("kbd", null, "↓"), " to walk through the hits, ", h("kbd", null, "?"), " for all keys. The address holds the search: copy it to share it."),
  ];
}

function trouble(error, again) {
  const busy = error.status === 429 || error.status === 503 || error.status === 0;
  const title = error.kind === "not_served" ? "No index is served here" : busy ? "The server cannot answer just now" : "This search was refused";
  return h("div", { class: "card empty", role: "alert" }, h("h2", null, title), h("p", null, error.message), h("button", { type: "button", class: "button", onclick: again }, "Try again"));
}

async function share() {
  try { await navigator.clipboard.writeText(location.href); toast("The link is in the clipboard"); } catch { toast("The address bar holds the link"); }
}
