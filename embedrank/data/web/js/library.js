// The documents tab: files in, documents out, what users thought.
import { ask, documentPath } from "./api.js";
import { ICONS, by, count, drawing, h, plural, show, toast } from "./dom.js";
import { fromDrop, fromList } from "./dropped.js";
import { openReader } from "./reader.js";
import { parcels, send, watch } from "./upload.js";

const PAGE = 20;
let offset = 0;
let filter = "";
let onChanged = () => {};
const jobs = h("div", { class: "stack", "aria-live": "polite" });

/** Take files dropped anywhere on the page; `changed` is called when the index has changed. */
export function start(changed, toTab) {
  onChanged = changed;
  const over = (is) => document.querySelector(".drop")?.classList.toggle("over", is);
  addEventListener("dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) { event.preventDefault(); toTab(); over(true); } });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
  addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    over(false);
    toTab();
    take(await fromDrop(event.dataTransfer));
  });
}

/** Show the tab. */
export function enter() {
  const picker = (props, text) => {
    const input = h("input", { type: "file", multiple: true, tabindex: "-1", "aria-hidden": "true", ...props, onchange: () => { take(fromList(input.files)); input.value = ""; } });
    return [h("button", { type: "button", class: "button", onclick: () => input.click() }, text), input];
  };
  show(by("tab-library"), h("div", { class: "stack" },
    h("div", { class: "drop" }, drawing(...ICONS.upload), h("div", null, h("h2", null, "Drop files or folders here"), h("p", { class: "quiet small" }, "Text, Markdown, code, PDF, Word, HTML, CSV, JSON lines. A file of the same name is replaced.")),
      h("div", { class: "row" }, picker({ id: "files" }, "Choose files"), picker({ webkitdirectory: true }, "Choose a folder"))),
    jobs,
    h("div", { class: "card documents" }, h("div", { class: "head" }, h("h2", null, "Documents ", h("span", { class: "quiet small num", id: "num-documents" })), h("div", { class: "filter" }, h("input", { type: "text", placeholder: "Part of a path, or *.md", "aria-label": "Filter documents by path", value: filter, oninput: later(({ target }) => { filter = target.value.trim(); offset = 0; list(); }) }))), h("div", { id: "documents" })),
    h("div", { class: "card", id: "feedback" })));
  list();
  feedback();
}

function later(call) {
  let timer = 0;
  return (event) => { clearTimeout(timer); timer = setTimeout(() => call(event), 250); };
}

async function list() {
  const node = by("documents");
  try {
    const page = await ask(`/documents?offset=${offset}&limit=${PAGE}${filter ? `&path=${encodeURIComponent(filter)}` : ""}`);
    if (offset && !page.documents.length) { offset = 0; list(); return; }
    by("num-documents").textContent = count(page.total);
    show(node, page.total ? [table(page.documents), pager(page)] : h("p", { class: "quiet empty" }, filter ? "No document has such a path." : "Nothing is in the index yet."));
  } catch (error) {
    show(node, h("p", { class: "notice bad", role: "alert" }, error.message));
  }
}

function table(documents) {
  return h("div", { class: "scroll" }, h("table", null, h("thead", null, h("tr", null, h("th", null, "Document"), h("th", { class: "num" }, "Chunks"), h("th"))),
    h("tbody", null, documents.map((document) => h("tr", null,
      h("td", null, h("button", { type: "button", class: "plain path", onclick: () => openReader(document.id) }, document.path && !document.id.endsWith(document.path) ? `${document.path} · ${document.id}` : document.path ?? document.id)),
      h("td", { class: "num" }, count(document.chunks)),
      h("td", { class: "num" }, h("button", { type: "button", class: "plain small", "aria-label": `Remove ${document.path ?? document.id}`, onclick: (event) => remove(document, event.target) }, "Remove")))))));
}

function pager(page) {
  if (page.total <= PAGE) return null;
  const to = (place, text) => h("button", { type: "button", class: "button", disabled: place < 0 || place >= page.total, onclick: () => { offset = place; list(); } }, text);
  return h("div", { class: "pager" }, h("span", { class: "small quiet num" }, `${count(page.offset + 1)} to ${count(page.offset + page.documents.length)} of ${count(page.total)}`), to(page.offset - PAGE, "Back"), to(page.offset + PAGE, "More"));
}

async function remove(document, button) {
  if (button.dataset.sure !== "yes") { // asked again in the same place, so that no dialog comes between
    button.dataset.sure = "yes";
    button.textContent = "Really?";
    setTimeout(() => { button.dataset.sure = ""; button.textContent = "Remove"; }, 3000);
    return;
  }
  try {
    const job = await ask(documentPath(document.id), { method: "DELETE" });
    await watch(job, () => {});
    toast(`Removed ${document.path ?? document.id}`);
    changed();
  } catch (error) {
    toast(`Not removed: ${error.message}`);
  }
}

function changed() {
  list();
  onChanged();
}

async function take({ files, numLeftOut }) {
  if (numLeftOut) toast(`${plural(numLeftOut, "hidden or built file")} left out`);
  for (const parcel of parcels(files)) await deliver(parcel);
}

async function deliver(parcel) {
  const card = h("div", { class: "card job" });
  jobs.prepend(card);
  const name = parcel.length === 1 ? parcel[0].name : plural(parcel.length, "file");
  try {
    const job = await send(parcel, (share) => progress(card, name, "sending", share));
    await watch(job, (now) => tell(card, name, now));
    changed();
  } catch (error) {
    show(card, h("div", { class: "head" }, h("b", null, name), h("span", { class: "chip bad" }, "not added")), h("p", { class: "notice bad", role: "alert" }, error.message));
  }
}

function progress(card, name, state, share) {
  const bar = h("div", { class: share === null ? "bar unknown" : "bar", role: "progressbar", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": share === null ? null : Math.round(100 * share) }, h("i"));
  if (share !== null) bar.firstChild.style.width = `${100 * share}%`;
  show(card, h("div", { class: "head" }, h("b", null, name), h("span", { class: "chip" }, state)), bar);
}

function tell(card, name, job) {
  if (job.state === "queued" || job.state === "reading") { progress(card, name, job.state, null); return; }
  if (job.state === "indexing") { progress(card, name, `indexing ${count(job.done)} of ${count(job.total)}`, job.total ? job.done / job.total : null); return; }
  const did = ["added", "updated", "unchanged", "removed"].filter((what) => job[what]).map((what) => `${count(job[what])} ${what}`);
  const chip = job.state === "done" ? ["good", "done"] : ["bad", job.state];
  show(card, h("div", { class: "head" }, h("b", null, name), h("span", { class: `chip ${chip[0]}` }, chip[1])),
    h("p", { class: "small quiet" }, [...did, `${plural(job.chunks, "chunk")} in ${job.seconds.toFixed(1)} s`].join(" · ")),
    job.error && h("p", { class: "notice bad" }, job.error),
    job.num_skipped > 0 && h("details", null, h("summary", null, `${count(job.num_skipped)} left out`), h("ul", null, job.skipped.map((item) => h("li", null, h("span", { class: "path" }, item.name), `: ${item.reason}`)), job.num_skipped > job.skipped.length && h("li", null, `and ${count(job.num_skipped - job.skipped.length)} more`))));
}

async function feedback() {
  const tally = await ask("/feedback").catch(() => null);
  if (!tally) { by("feedback").hidden = true; return; }
  const save = async () => {
    const text = await ask("/feedback/rows", { text: true });
    const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "application/jsonl" })), download: "feedback.jsonl" });
    link.click();
    URL.revokeObjectURL(link.href);
  };
  show(by("feedback"), h("div", { class: "head" }, h("h2", null, "Feedback"), h("button", { type: "button", class: "button", disabled: !tally.rows, onclick: save }, "Save as training rows")),
    h("p", { class: "quiet small" }, `${plural(tally.up, "good answer")}, ${count(tally.down)} not, from ${plural(tally.rows + tally.waiting, "query", "queries")}. ${tally.rows ? "The embedder learns from it with: " : "Thumbs on the hits collect here."}`, tally.rows > 0 && h("code", null, "embedrank tune INDEX --feedback feedback.jsonl")));
}
