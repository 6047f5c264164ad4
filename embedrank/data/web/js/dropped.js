// Files out of a drop or a picker, folders opened, hidden ones left out and counted.

const LEFT_OUT = new Set(["node_modules", "__pycache__", "site-packages", "venv", "target"]);

/** From a drop: `{ files: [{ name, file }], numLeftOut }`. */
export async function fromDrop(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = { files: [], numLeftOut: 0 };
  if (!entries.length) return fromList(transfer.files);
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

/** From a picker. */
export function fromList(list) {
  const found = { files: [], numLeftOut: 0 };
  for (const file of list) {
    const name = file.webkitRelativePath || file.name;
    if (name.split("/").some(isLeftOut)) found.numLeftOut += 1;
    else found.files.push({ name, file });
  }
  return found;
}

async function walk(entry, above, found) {
  if (isLeftOut(entry.name)) { found.numLeftOut += 1; return; }
  const name = above ? `${above}/${entry.name}` : entry.name;
  if (entry.isFile) {
    found.files.push({ name, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return;
    for (const inside of batch) await walk(inside, name, found);
  }
}

const isLeftOut = (name) => name.startsWith(".") || LEFT_OUT.has(name);
