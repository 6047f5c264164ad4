// The system tab: what the server does, read off its metrics every two seconds while the tab is open.
import { ask } from "./api.js";
import { by, count, h, ms, s, show } from "./dom.js";
import { all, parse, quantile, sum } from "./metrics.js";

const EVERY_MS = 2000;
const KEPT = 90;
const OWN = new Set(["/metrics", "/ready", "/health", "/", "/web/{name:path}", "other"]);
const STAGES = { embed: "embed", dense: "dense", lexical: "BM25", fused: "fused", read: "read", rerank: "rerank", explain: "mark" };
let timer = 0;
let before = null;
let rates = [];

/** Show the tab, and keep it fresh until it is left. */
export function enter() {
  clearInterval(timer);
  timer = setInterval(look, EVERY_MS);
  if (!by("tab-system").children.length) show(by("tab-system"), h("div", { class: "skeleton" }));
  look();
}

export const leave = () => clearInterval(timer);

async function look() {
  try {
    const [text, ready] = await Promise.all([ask("/metrics", { text: true }), ask("/ready").catch((error) => error)]);
    const now = { at: performance.now(), samples: parse(text) };
    const answered = requests(now.samples);
    if (before) rates = [...rates, (1000 * (answered - before.answered)) / (now.at - before.at)].slice(-KEPT);
    before = { at: now.at, answered };
    show(by("tab-system"), page(now.samples, ready));
  } catch (error) {
    show(by("tab-system"), h("div", { class: "card empty", role: "alert" }, h("h2", null, "No figures"), h("p", null, error.message), h("button", { type: "button", class: "button", onclick: enter }, "Try again")));
  }
}

const routes = (samples) => all(samples, "embedrank_requests_total").filter((one) => !OWN.has(one.labels.route));
const requests = (samples) => routes(samples).reduce((total, one) => total + one.value, 0);

function page(samples, ready) {
  const isUp = !(ready instanceof Error);
  return h("div", { class: "stack" },
    h("div", { class: "head" }, h("h2", null, h("span", { class: isUp ? "dot" : "dot bad", "aria-hidden": "true" }), isUp ? "Taking requests" : `Not ready: ${ready.message}`), h("span", { class: "small quiet" }, "every two seconds")),
    h("div", { class: "tiles" }, tiles(samples)),
    h("div", { class: "two" },
      h("div", { class: "card wide" }, h("div", { class: "head" }, h("h3", null, "Requests a second"), h("span", { class: "small quiet num" }, rates.length ? `now ${rates.at(-1).toFixed(1)}` : "")), spark(rates)),
      h("div", { class: "card" }, h("h3", null, "A search, stage by stage"), stages(samples)),
      h("div", { class: "card" }, h("h3", null, "Requests by path"), paths(samples)),
      h("div", { class: "card wide" }, h("h3", null, "Models in memory"), models(samples))),
    problems(samples));
}

function tiles(samples) {
  const hits = sum(samples, "embedrank_cache_hits_total");
  const seen = hits + sum(samples, "embedrank_cache_misses_total");
  const waiting = sum(samples, "embedrank_queue");
  const compute = all(samples, "embedrank_engine_recent_seconds").find(({ labels }) => labels.stage === "compute" && labels.quantile === "0.95");
  const failed = routes(samples).filter(({ labels }) => labels.status >= "500").reduce((total, one) => total + one.value, 0);
  const rows = [
    [count(requests(samples)), "requests answered", "main"],
    [count(failed), "failed", failed ? "bad" : ""],
    [count(waiting), "texts in the queue"],
    [compute ? `${ms(1000 * compute.value)} ms` : "–", "a batch, p95"],
    [seen ? `${Math.round((100 * hits) / seen)} %` : "–", "from the cache"],
    [count(sum(samples, "embedrank_tokens_total")), "tokens read"],
  ];
  return rows.map(([value, name, kind]) => h("div", { class: `card tile ${kind ?? ""}` }, h("b", null, value), h("span", null, name)));
}

function spark(values) {
  const most = Math.max(1, ...values);
  const at = values.map((value, place) => [(100 * (place + KEPT - values.length)) / (KEPT - 1), 38 - (34 * value) / most]);
  const line = at.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L");
  return s("svg", { class: "spark", viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img", "aria-label": `Requests a second over three minutes, at most ${most.toFixed(1)}` },
    s("line", { class: "base", x1: 0, x2: 100, y1: 38, y2: 38 }),
    at.length > 1 && [s("path", { class: "area", d: `M${at[0][0]} 38L${line}L${at.at(-1)[0]} 38Z` }), s("path", { class: "line", d: `M${line}` })]);
}

function stages(samples) {
  const found = Object.entries(STAGES).map(([stage, name]) => [stage, name, quantile(samples, "embedrank_stage_seconds", 0.5, { stage: `search_${stage}` })]).filter(([, , value]) => value !== null);
  if (!found.length) return h("p", { class: "quiet small" }, "Nothing has been searched since the server began.");
  const most = Math.max(...found.map(([, , value]) => value));
  return [h("div", { class: "stages" }, found.map(([stage, name, value]) => {
    const fill = h("i");
    fill.style.width = `${(100 * value) / most}%`;
    return h("div", { class: `stage-${stage}` }, h("span", null, name), h("span", { class: "bar" }, fill), h("span", { class: "num quiet" }, `${ms(1000 * value)} ms`));
  })), h("p", { class: "small quiet" }, "Median since the server began, out of coarse classes.")];
}

function models(samples) {
  const loaded = all(samples, "embedrank_model_bytes");
  if (!loaded.length) return h("p", { class: "quiet small" }, "No model is in memory.");
  return h("div", { class: "scroll" }, h("table", null, h("thead", null, h("tr", null, h("th", null, "Model"), h("th", null, "Kind"), h("th", { class: "num" }, "Memory"))),
    h("tbody", null, loaded.map(({ labels, value }) => h("tr", null, h("td", null, labels.model), h("td", null, h("span", { class: "chip" }, labels.kind)), h("td", { class: "num" }, `${count(Math.round(value / 2 ** 20))} MiB`))))));
}

function paths(samples) {
  const byRoute = new Map();
  for (const { labels, value } of routes(samples)) byRoute.set(labels.route, (byRoute.get(labels.route) ?? 0) + value);
  const rows = [...byRoute].sort(([, a], [, b]) => b - a).slice(0, 8);
  if (!rows.length) return h("p", { class: "quiet small" }, "None yet.");
  const at = (route, share) => { const value = quantile(samples, "embedrank_request_seconds", share, { route }); return value === null ? "–" : `${ms(1000 * value)}`; };
  return h("div", { class: "scroll" }, h("table", null, h("thead", null, h("tr", null, h("th", null, "Path"), h("th", { class: "num" }, "Number"), h("th", { class: "num" }, "p50 ms"), h("th", { class: "num" }, "p95 ms"))),
    h("tbody", null, rows.map(([route, number]) => h("tr", null, h("td", { class: "path" }, route), h("td", { class: "num" }, count(number)), h("td", { class: "num" }, at(route, 0.5)), h("td", { class: "num" }, at(route, 0.95)))))));
}

function problems(samples) {
  const found = all(samples, "embedrank_problems_total").filter(({ value }) => value > 0);
  if (!found.length) return null;
  return h("div", { class: "card" }, h("h3", null, "Requests without an answer"), h("p", null, found.map(({ labels, value }) => [h("span", { class: "chip" }, `${labels.kind} ${count(value)}`), " "])));
}
