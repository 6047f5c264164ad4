// The beginning: tabs, theme, the index, and the address.
import { ask } from "./api.js";
import { ICONS, by, drawing, show } from "./dom.js";
import * as keys from "./keys.js";
import * as library from "./library.js";
import * as map from "./map.js";
import { isDark } from "./palette.js";
import * as search from "./search.js";
import { read, write } from "./state.js";
import * as system from "./system.js";

const TABS = { search: { enter() {} }, map, library, system };
let current = null;

function open(name) {
  const next = name in TABS ? name : "search";
  if (next === current) return;
  TABS[current]?.leave?.();
  current = next;
  for (const tab of Object.keys(TABS)) by(`tab-${tab}`).hidden = tab !== next;
  for (const button of document.querySelectorAll("[data-tab]")) {
    if (button.dataset.tab === next) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  TABS[next].enter();
}

function toTab(name) {
  if (name === current) return;
  write({ ...read(), tab: name }, { step: true });
  open(name);
}

function showTheme() {
  const dark = isDark();
  show(by("theme"), drawing(...(dark ? ICONS.sun : ICONS.moon)));
  by("theme").setAttribute("aria-label", dark ? "Change to light" : "Change to dark");
  map.repaint();
}

function toTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem("embedrank-theme", theme); } catch { /* then only until the page is left */ }
  showTheme();
}

async function fit() {
  try {
    search.fit(await ask("/index"));
  } catch (error) {
    search.refuse(error);
  }
}

function restore() {
  const state = read();
  open(state.tab);
  search.restore(state);
}

search.start(map.repaint);
library.start(fit, () => toTab("library"));
keys.start({ toTab, toTheme });
by("theme").addEventListener("click", toTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
document.querySelector(".tabs").addEventListener("click", ({ target }) => target.dataset.tab && toTab(target.dataset.tab));
addEventListener("popstate", restore);
by("choices").open = matchMedia("(min-width: 60.01rem)").matches;
showTheme();
restore();
await fit();
