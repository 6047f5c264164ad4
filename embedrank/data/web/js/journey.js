// The way of a hit through the stages, drawn: one column a stage, higher is better, the rank beside its point.
import { s } from "./dom.js";

export const NAMES = { embed: "embed", dense: "dense", lexical: "BM25", fused: "fused", read: "read", rerank: "rerank", explain: "mark" };
const WIDTH = 280;
const TOP = 18;
const DEPTH = 30;
const LABEL = 66;

/** Points of a hit in the stages that ran; a stage that did not see it has no rank. */
export function steps(hit, ran) {
  return [...ran.map((stage) => ({ stage, name: NAMES[stage], rank: hit.stages[stage]?.rank ?? null })), { stage: "last", name: "final", rank: hit.rank }];
}

/** The drawing; `found` says how long each stage's list was. */
export function journey(hit, found) {
  const ran = ["dense", "lexical", "fused", "rerank"].filter((stage) => stage in found);
  const points = steps(hit, ran);
  const deepest = Math.max(10, ...Object.values(found));
  const column = WIDTH / points.length;
  const placed = points.map((point, at) => ({
    ...point,
    x: column * (at + 0.5),
    y: point.rank === null ? TOP + DEPTH : TOP + (DEPTH * Math.log(point.rank)) / Math.log(deepest),
  }));
  const spoken = points.map(({ name, rank }) => `${name} ${rank === null ? "not found" : rank}`).join(", ");
  return s("svg", { class: "journey", viewBox: `0 0 ${WIDTH} 70`, role: "img", "aria-label": `Rank by stage: ${spoken}` },
    placed.slice(1).map((to, at) => way(placed[at], to)),
    placed.map((point) => [
      s("circle", { cx: point.x, cy: point.y, r: point.rank === 1 ? 5 : 4, class: point.rank === null ? "unseen" : point.stage === "last" ? "last" : `stage-${point.stage}` }),
      s("text", { x: point.x, y: point.y - 8, class: "rank" }, point.rank === null ? "–" : point.rank),
      s("text", { x: point.x, y: LABEL }, point.name),
    ]));
}

function way(from, to) {
  const bend = (to.x - from.x) / 2;
  const curve = `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
  return s("path", { d: curve, class: from.rank === null || to.rank === null ? "way gap" : "way" });
}
