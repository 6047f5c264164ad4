// Colours of groups on the map: a few hues that can be told apart in light and in dark; all others are grey.
const HUES = [172, 28, 245, 345, 92, 205, 300, 52, 140, 5];

export const NUM_HUES = HUES.length;

/** Colour of the group at a place of the list, largest first. */
export function groupColor(place, isDark) {
  if (place < 0 || place >= HUES.length) return isDark ? "hsl(210 6% 46%)" : "hsl(210 6% 62%)";
  return `hsl(${HUES[place]} ${isDark ? "58% 64%" : "56% 42%"})`;
}

/** Whether the page is dark now, by choice or by the system. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
