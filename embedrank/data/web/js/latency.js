// Where the time of a search went: a bar cut into stages, and the figures.
import { h, ms } from "./dom.js";
import { NAMES } from "./journey.js";

/** The bar and its legend; `latency` is milliseconds by stage, with `total`. */
export function latencyBar(latency) {
  const stages = Object.entries(latency).filter(([stage]) => stage !== "total");
  const spoken = stages.map(([stage, value]) => `${NAMES[stage] ?? stage} ${ms(value)} ms`).join(", ");
  const bar = h("div", { class: "latency", role: "img", "aria-label": `Time by stage: ${spoken}` }, stages.map(([stage, value]) => {
    const part = h("i", { class: `stage-${stage}`, title: `${NAMES[stage] ?? stage} ${ms(value)} ms` });
    part.style.flexGrow = Math.max(value, 0.001);
    return part;
  }));
  const legend = h("ul", { class: "legend" }, stages.map(([stage, value]) => h("li", null, h("i", { class: `stage-${stage}` }), `${NAMES[stage] ?? stage} `, h("b", null, ms(value)))),
    h("li", null, "total ", h("b", null, `${ms(latency.total)} ms`)));
  return [bar, legend];
}
