// The keyboard: every part of the page without a mouse.
import { by, h, show } from "./dom.js";
import { step } from "./hits.js";

const LIST = [
  [["/"], "to the search box"], [["Enter"], "search; on a hit or a point of the map: open it"], [["↓", "↑"], "walk through the hits"],
  [["u", "d"], "thumb up, thumb down on the hit"], [["s"], "documents similar to the hit"], [["1", "2", "3", "4"], "search, map, documents, system"],
  [["t"], "light or dark"], [["Esc"], "close, or back to the box"], [["?"], "this list"],
];

/** Listen to keys; `toTab` changes the tab, `toTheme` the theme. */
export function start({ toTab, toTheme }) {
  const help = () => {
    show(by("keys"), h("div", { class: "inside stack" }, h("h2", { id: "keys-title" }, "Keys"), h("dl", { class: "keys" }, LIST.map(([keys, gloss]) => [h("dt", null, keys.map((key) => h("kbd", null, key))), h("dd", null, gloss)])), h("form", { method: "dialog" }, h("button", { class: "button" }, "Close"))));
    by("keys").showModal();
  };
  by("help").addEventListener("click", help);
  for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  const plain = { "/": () => { toTab("search"); by("query").focus(); by("query").select(); }, "?": help, t: toTheme, 1: () => toTab("search"), 2: () => toTab("map"), 3: () => toTab("library"), 4: () => toTab("system") };
  const onHit = { Enter: (acts) => acts.open(), o: (acts) => acts.open(), s: (acts) => acts.like(), u: (acts) => acts.thumb("up"), d: (acts) => acts.thumb("down") };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
    const here = document.activeElement;
    const card = here?.closest?.(".hit");
    const isTyping = here?.matches?.("input:not([type=checkbox]):not([type=range]), textarea, select");
    let act = null;
    if (event.key === "ArrowDown" && (here === by("query") || card)) act = () => step(1);
    else if (event.key === "ArrowUp" && card) act = () => step(-1);
    else if (event.key === "Escape" && !by("tab-search").hidden) act = () => (here === by("query") ? here.blur() : by("query").focus());
    else if (!isTyping && here === card && card && onHit[event.key]) act = () => onHit[event.key](card.acts);
    else if (!isTyping) act = plain[event.key] ?? null;
    if (!act) return;
    event.preventDefault();
    act();
  });
}
