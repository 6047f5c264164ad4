"""Hard negatives for the nano reranker: what the first stage of search would put beside the positive.

python recipes/nano/mine.py --rows ROWS --embedder FOLDER --out ROWS_WITH_NEGATIVES
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import bm25s
import numpy as np
from held_out import SKIPPED

from embedrank import Embedder
from embedrank.index.analysis import terms
from embedrank.training.rows import TrainingRow, read_rows

MOST_ROWS = 4000  # per source
NEAREST = 16  # per side
NUM_NEGATIVES = 6
NUM_RANDOM = 1  # of them: what no first stage would find, so that easy cases stay easy
ABSOLUTE_MARGIN = 0.1  # nearer than the positive by more than this counts as a false negative, as in InfoNCE's mask
QUERIES_AT_ONCE = 512
MOST_CHARACTERS = 1200


def mined(rows: Sequence[TrainingRow], embedder: Embedder, rng: random.Random) -> list[TrainingRow]:
    """Rows with negatives from the best documents of BM25 and of the embedder.

    Args:
        rows: Rows of one source; their positives are the documents searched.
        embedder: Finds near documents, and marks those nearer than the positive by a margin as false negatives.
        rng: Draws among the near documents.

    Returns:
        The rows for which at least one negative was found.
    """
    documents = sorted({row.positives[0] for row in rows})
    place = {text: index for index, text in enumerate(documents)}
    known: dict[str, set[int]] = {}
    for row in rows:
        known.setdefault(row.query, set()).update(place[text] for text in row.positives if text in place)
    vectors = embedder.encode_documents([text[:MOST_CHARACTERS] for text in documents])
    lexical = bm25s.BM25(k1=1.2, b=0.75)
    lexical.index([terms(text) for text in documents], show_progress=False)
    found = []
    for start in range(0, len(rows), QUERIES_AT_ONCE):
        part = rows[start : start + QUERIES_AT_ONCE]
        cosines = embedder.encode_queries([row.query for row in part], instruction="") @ vectors.T
        for row, scores in zip(part, cosines, strict=True):
            limit = scores[place[row.positives[0]]] + ABSOLUTE_MARGIN
            near = {*np.argpartition(-scores, min(NEAREST, len(scores) - 1))[:NEAREST].tolist()}
            near |= set(_lexical_best(lexical, row.query))
            usable = sorted(index for index in near if scores[index] < limit and index not in known[row.query])
            chosen = rng.sample(usable, min(NUM_NEGATIVES - NUM_RANDOM, len(usable)))
            chosen += rng.sample(range(len(documents)), NUM_RANDOM)
            texts = [documents[index] for index in dict.fromkeys(chosen) if index not in known[row.query]]
            if texts:
                found.append(replace(row, negatives=tuple(texts)))
    return found


def _lexical_best(index: bm25s.BM25, query: str) -> list[int]:
    known = [term for term in terms(query) if term in index.vocab_dict]
    if not known:
        return []
    scores = index.get_scores(known)
    best = np.argpartition(-scores, min(NEAREST, len(scores) - 1))[:NEAREST]
    return [int(row) for row in best if scores[row] > 0]


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
