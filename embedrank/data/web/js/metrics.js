// Reading the text format of Prometheus: names, labels, values.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** All samples by name: `{ labels, value }`. */
export function parse(text) {
  const samples = new Map();
  for (const line of text.split("\n")) {
    const found = line.startsWith("#") ? null : LINE.exec(line);
    if (!found) continue;
    const labels = Object.fromEntries([...(found[2] ?? "").matchAll(LABEL)].map(([, name, value]) => [name, value.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c))]));
    if (!samples.has(found[1])) samples.set(found[1], []);
    samples.get(found[1]).push({ labels, value: Number(found[3]) });
  }
  return samples;
}

/** The samples of a name. */
export const all = (samples, name) => samples.get(name) ?? [];

/** The sum of a name, over samples that have these labels. */
export const sum = (samples, name, labels = {}) => all(samples, name).filter((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value)).reduce((total, one) => total + one.value, 0);

/** A quantile out of the buckets of a histogram, over samples that have these labels, in the unit of the buckets. */
export function quantile(samples, name, share, labels = {}) {
  const counts = new Map();
  for (const { labels: own, value } of all(samples, `${name}_bucket`)) {
    if (!Object.entries(labels).every(([key, wanted]) => own[key] === wanted)) continue;
    const edge = own.le === "+Inf" ? Infinity : Number(own.le);
    counts.set(edge, (counts.get(edge) ?? 0) + value);
  }
  const buckets = [...counts].sort(([a], [b]) => a - b);
  const wanted = share * (buckets.at(-1)?.[1] ?? 0);
  if (!wanted) return null;
  let [low, before] = [0, 0];
  for (const [edge, reached] of buckets) {
    if (reached >= wanted) return edge === Infinity ? low : low + ((edge - low) * (wanted - before)) / Math.max(1e-9, reached - before);
    [low, before] = [edge, reached];
  }
  return low;
}
