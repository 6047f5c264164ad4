// A document, read in a dialog: its chunks in order, the one that was found marked, and documents like it.
import { ask, documentPath } from "./api.js";
import { ICONS, by, drawing, h, isCode, marked, show } from "./dom.js";

const AT_ONCE = 100;

/** Open a document, and scroll to a chunk of it. */
export async function openReader(id, { chunk = null, spans = [] } = {}) {
  const dialog = by("reader");
  const body = h("div", { class: "pages" }, h("div", { class: "inside quiet" }, "Reading …"));
  const title = h("h2", { id: "reader-title", dir: "auto" }, "Document");
  const place = h("div", { class: "path quiet" });
  const close = h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => dialog.close() }, drawing(...ICONS.close));
  show(dialog, h("header", null, h("div", null, title, place), close), body);
  if (!dialog.open) dialog.showModal();
  try {
    const ordinal = chunk ? Number(chunk.slice(chunk.lastIndexOf("#") + 1)) : 0;
    const offset = Math.max(0, Math.floor(ordinal / AT_ONCE) * AT_ONCE);
    const whole = await ask(`${documentPath(id)}?offset=${offset}&limit=${AT_ONCE}`);
    title.textContent = whole.chunks[0]?.title.split(" > ")[0] || (whole.path ?? id).split("/").at(-1);
    place.textContent = whole.path ?? id;
    show(body, whole.chunks.map((piece) => pieceNode(piece, whole, piece.id === chunk, spans)), more(whole));
    body.querySelector(".found")?.scrollIntoView({ block: "center" });
    dialog.append(await alike(id));
  } catch (error) {
    show(body, h("p", { class: "inside" }, h("span", { class: "notice bad" }, error.message)));
  }
}

function pieceNode(piece, whole, isFound, spans) {
  const heading = piece.title.split(" > ").slice(1).join(" › ");
  const node = h("section", { class: `piece${isFound ? " found" : ""}${isCode(whole.path) ? " code" : ""}`, dir: "auto" });
  if (heading || piece.start_line) node.append(h("h4", null, [heading, piece.start_line && `line ${piece.start_line}`].filter(Boolean).join(" · ")));
  node.append(...marked(piece.text, isFound ? spans : []));
  return node;
}

function more(whole) {
  const left = whole.num_chunks - whole.offset - whole.chunks.length;
  return left > 0 || whole.offset > 0 ? h("p", { class: "inside small quiet" }, `Parts ${whole.offset + 1} to ${whole.offset + whole.chunks.length} of ${whole.num_chunks}.`) : null;
}

async function alike(id) {
  const similar = await ask(`${documentPath(id, "/similar")}?top=5`);
  if (!similar.hits.length) return h("span");
  return h("div", { class: "alike" }, h("h3", null, "Similar documents"), h("ul", null, similar.hits.map((hit) => h("li", null,
    h("button", { type: "button", onclick: () => openReader(hit.document_id, { chunk: hit.id }) },
      h("b", { class: "line", dir: "auto" }, hit.title || hit.path || hit.document_id), h("span", { class: "num small quiet" }, hit.score.toFixed(2)),
      h("span", { class: "line small quiet", dir: "auto" }, hit.snippet.text))))));
}
