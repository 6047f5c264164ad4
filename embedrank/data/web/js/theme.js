// Light or dark, before anything is painted. No module: modules run too late for that.
(() => {
  let kept = null;
  try { kept = localStorage.getItem("embedrank-theme"); } catch { /* storage may be forbidden */ }
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
})();
