"""Hard negatives for the nano reranker: near documents of the same source, by the nano embedder.

python recipes/nano/mine.py --rows ROWS --embedder FOLDER --out ROWS_WITH_NEGATIVES
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from train_embedder import SKIPPED

from embedrank import Embedder
from embedrank.training.rows import TrainingRow, read_rows

MOST_ROWS = 1500  # per source
NEAREST = 24
NUM_NEGATIVES = 4
ABSOLUTE_MARGIN = 0.1  # nearer than the positive by more than this counts as a false negative, as in InfoNCE's mask


def mined(rows: Sequence[TrainingRow], embedder: Embedder, rng: random.Random) -> list[TrainingRow]:
    """Rows with negatives drawn from the nearest documents that do not beat the positive by a margin."""
    documents = sorted({row.positives[0] for row in rows})
    place = {text: index for index, text in enumerate(documents)}
    known: dict[str, set[int]] = {}
    for row in rows:
        known.setdefault(row.query, set()).update(place[text] for text in row.positives if text in place)
    vectors = embedder.encode_documents([text[:1200] for text in documents])
    found = []
    for start in range(0, len(rows), 512):
        part = rows[start : start + 512]
        cosines = embedder.encode_queries([row.query for row in part], instruction="") @ vectors.T
        nearest = np.argsort(-cosines, axis=1)[:, :NEAREST]
        for row, scores, order in zip(part, cosines, nearest, strict=True):
            limit = scores[place[row.positives[0]]] + ABSOLUTE_MARGIN
            usable = [int(index) for index in order if scores[index] < limit and index not in known[row.query]]
            chosen = rng.sample(usable, min(NUM_NEGATIVES - 1, len(usable)))
            chosen += rng.sample(range(len(documents)), 1)
            texts = [documents[index] for index in dict.fromkeys(chosen) if index not in known[row.query]]
            if texts:
                found.append(replace(row, negatives=tuple(texts)))
    return found


def main() -> None:
    """Mine every source and print what was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--embedder", required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    embedder = Embedder.load(arguments.embedder, max_length=256, max_batch_tokens=16384)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for path in sorted(arguments.rows.glob("*.jsonl")):
        if path.stem in SKIPPED:
            continue
        rng = random.Random(path.stem)
        rows = list(read_rows(path))
        rows = rng.sample(rows, min(MOST_ROWS, len(rows)))
        kept = mined(rows, embedder, rng)
        with (arguments.out / path.name).open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in kept)
        print(f"{path.stem}: {len(rows)} rows, {len(kept)} with negatives", flush=True)


if __name__ == "__main__":
    main()
