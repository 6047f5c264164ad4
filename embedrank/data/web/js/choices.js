// The fields beside the hits: how to search.
import { by, count, h, show } from "./dom.js";
import { DEFAULTS, RECALLS } from "./state.js";

const MOST_CHIPS = 14;
let dims = [0];
let languages = [];

/** Fit the fields to an index: its dimensions, its languages, its own instruction. */
export function fit(index) {
  dims = [...index.dims].sort((a, b) => a - b);
  languages = Object.entries(index.languages);
  by("dim").max = dims.length - 1;
  by("rerank").disabled = !index.reranker;
  by("instruction").placeholder = index.instruction ? `As the model has it: ${index.instruction}` : "The task in one sentence; the model has its own";
}

/** Put a state into the fields. */
export function put(state) {
  by("instruction").value = state.instruction;
  const place = state.dim ? dims.findIndex((dim) => dim >= state.dim) : -1;
  by("dim").value = place < 0 ? dims.length - 1 : place;
  by("recall").value = RECALLS.indexOf(RECALLS.find((depth) => depth >= state.recall) ?? RECALLS.at(-1));
  by("rerank").checked = state.rerank && !by("rerank").disabled;
  for (const [id, value] of [["depth", state.depth], ["top", state.top]]) choose(by(id), value);
  by("mode").value = state.mode;
  by("path").value = state.path;
  chips(state.lang);
  tell(state);
}

/** Read the fields back. */
export function get() {
  const dim = dims[Number(by("dim").value)] ?? 0;
  return {
    instruction: by("instruction").value.trim(),
    dim: dim === dims.at(-1) ? 0 : dim,
    recall: RECALLS[Number(by("recall").value)],
    rerank: by("rerank").checked || by("rerank").disabled,
    depth: Number(by("depth").value), mode: by("mode").value, top: Number(by("top").value), path: by("path").value.trim(),
    lang: [...by("lang-chips").querySelectorAll('[aria-pressed="true"]')].map((chip) => chip.dataset.lang),
  };
}

/** Say in the fields' own words where the sliders stand. */
export function tell(state) {
  by("dim-value").textContent = state.dim ? `${state.dim} of ${dims.at(-1)}` : `all ${dims.at(-1) || ""}`;
  by("recall-value").textContent = count(state.recall);
  by("depth").disabled = !state.rerank;
  const changed = Object.keys(get()).filter((name) => String(state[name]) !== String(DEFAULTS[name]));
  by("chosen").textContent = changed.length ? `${changed.length} changed` : "as by default";
  by("reset").hidden = !changed.length;
}

function choose(select, value) {
  if (![...select.options].some((option) => Number(option.value) === value)) select.append(h("option", null, value));
  select.value = String(value);
}

function chips(chosen) {
  const known = new Map(languages);
  const shown = [...languages.slice(0, MOST_CHIPS).map(([lang]) => lang), ...chosen.filter((lang) => !languages.slice(0, MOST_CHIPS).some(([name]) => name === lang))];
  by("languages").hidden = !shown.length;
  show(by("lang-chips"), shown.map((lang) => h("button", { type: "button", "data-lang": lang, "aria-pressed": String(chosen.includes(lang)) }, lang, known.has(lang) && h("small", null, ` ${known.get(lang)}`))), rest(shown));
}

/** A list of the languages that have no chip. */
function rest(shown) {
  const others = languages.map(([lang]) => lang).filter((lang) => !shown.includes(lang));
  if (!others.length) return null;
  return h("select", { "aria-label": "More languages", "data-more": true }, h("option", { value: "" }, `${others.length} more`), others.map((lang) => h("option", { value: lang }, lang)));
}
