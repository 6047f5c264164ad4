// What is searched, and how, as the address says it: whoever gets the address sees the same.

export const RECALLS = [10, 20, 50, 100, 200, 500];
export const DEFAULTS = { tab: "search", q: "", like: "", instruction: "", dim: 0, recall: 100, rerank: true, depth: 30, mode: "fused", top: 10, path: "", lang: [] };
const NUMBERS = ["dim", "recall", "depth", "top"];

/** Read the address. What it does not say, or says wrongly, is as by default. */
export function read(search = location.search) {
  const said = new URLSearchParams(search);
  const state = { ...DEFAULTS, lang: said.getAll("lang").slice(0, 64) };
  for (const name of ["tab", "q", "like", "instruction", "mode", "path"]) if (said.has(name)) state[name] = said.get(name);
  for (const name of NUMBERS) {
    const number = Number(said.get(name));
    if (Number.isInteger(number) && number > 0) state[name] = number;
  }
  if (said.get("rerank") === "0") state.rerank = false;
  if (!["fused", "dense", "lexical"].includes(state.mode)) state.mode = DEFAULTS.mode;
  return state;
}

/** The address of a state: only what differs from the defaults. */
export function address(state) {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    if (name === "lang") value.forEach((lang) => said.append("lang", lang));
    else if (name === "rerank") { if (!value) said.set("rerank", "0"); }
    else if (value !== DEFAULTS[name]) said.set(name, value);
  }
  const query = said.toString();
  return query ? `/?${query}` : "/";
}

/** Write the address; a new search is a step that the back button takes back, a new choice is not. */
export function write(state, { step = false } = {}) {
  const to = address(state);
  if (to === location.pathname + location.search) return;
  history[step ? "pushState" : "replaceState"](null, "", to);
}
