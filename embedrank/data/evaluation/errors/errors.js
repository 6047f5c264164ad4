const list = document.getElementById("worst");
const entries = [...list.children];
const texts = new Map(entries.map((entry) => [entry, entry.textContent.toLowerCase()]));
const controls = document.getElementById("controls");
const shown = document.getElementById("shown");
const orders = {
  worst: (a, b) => a.dataset.place - b.dataset.place,
  rank: (a, b) => b.dataset.rank - a.dataset.rank || a.dataset.place - b.dataset.place,
  shortest: (a, b) => a.dataset.words - b.dataset.words || a.dataset.place - b.dataset.place,
  longest: (a, b) => b.dataset.words - a.dataset.words || a.dataset.place - b.dataset.place,
  query: (a, b) => a.dataset.query.localeCompare(b.dataset.query),
};
function update() {
  const words = controls.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const kinds = [...controls.querySelectorAll("select[data-kind]")];
  let count = 0;
  for (const entry of entries) {
    const fits = words.every((word) => texts.get(entry).includes(word))
      && kinds.every((kind) => !kind.value || entry.dataset[kind.dataset.kind] === kind.value);
    entry.hidden = !fits;
    count += fits;
  }
  list.append(...entries.sort(orders[controls.elements.order.value]));
  shown.textContent = `${count} of ${entries.length} shown`;
}
controls.addEventListener("input", update);
controls.addEventListener("submit", (event) => event.preventDefault());
controls.hidden = false;
update();
