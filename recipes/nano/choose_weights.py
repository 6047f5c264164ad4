"""Choose how search uses the nano pair, on training rows that were kept aside: fusion, weights, the reranker's share.

    python recipes/nano/choose_weights.py --rows ROWS --embedder FOLDER [--reranker FOLDER]

Prints mean nDCG@10 per setting; the chosen ones go into `embedrank.json`. Test splits are never looked at.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import bm25s
import numpy as np
from held_out import is_held_out

from embedrank import Embedder, Reranker
from embedrank.core.types import Scored
from embedrank.index.analysis import terms
from embedrank.search.blend import BLENDS, blended
from embedrank.search.fusion import FUSIONS
from embedrank.training.rows import read_rows

SOURCES = (
    "squadshifts_wiki",
    "drcd",
    "medquad",
    "docstring_mined",
    "jaquad",
    "zh_medical_qa",
    "python_apidocs",
    "afriqa_pivot",
)
NUM_QUERIES, NUM_DOCUMENTS, RECALL, DEPTH = 60, 1500, 100, 30
SHARES = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)

Candidates = list[tuple[list[Scored], list[Scored], str, str]]  # dense, lexical, query, id of the positive


def candidates(source: str, rows_folder: Path, embedder: Embedder) -> tuple[Candidates, list[str]]:
    """Both recall lists of the kept-aside queries of a source, and the documents they rank."""
    rng = random.Random(source)
    rows = list(read_rows(rows_folder / f"{source}.jsonl"))
    held = rng.sample([row for row in rows if is_held_out(row)], min(NUM_QUERIES, sum(map(is_held_out, rows))))
    documents = sorted({row.positives[0] for row in held})
    others = sorted({row.positives[0] for row in rows} - set(documents))
    documents += rng.sample(others, min(NUM_DOCUMENTS - len(documents), len(others)))
    vectors = embedder.encode_documents(documents)
    index = bm25s.BM25(k1=1.2, b=0.75)
    index.index([terms(text) for text in documents], show_progress=False)
    found: Candidates = []
    cosines = embedder.encode_queries([row.query for row in held]) @ vectors.T
    for row, cosine in zip(held, cosines, strict=True):
        query = [term for term in terms(row.query) if term in index.vocab_dict]
        scores = index.get_scores(query) if query else np.zeros(len(documents))
        lexical = [item for item in _best(scores) if item.score > 0]
        found.append((_best(cosine), lexical, row.query, str(documents.index(row.positives[0]))))
    return found, documents


def ndcg(ranked: Sequence[Scored], positive: str) -> float:
    """nDCG@10 with one relevant document."""
    places = [place for place, row in enumerate(ranked[:10]) if row.id == positive]
    return 1 / math.log2(places[0] + 2) if places else 0.0


def _best(scores: np.ndarray) -> list[Scored]:
    order = np.argsort(-scores, kind="stable")[:RECALL]
    return [Scored(id=str(index), score=float(scores[index])) for index in order]


def _show(title: str, figures: Mapping[str, Mapping[str, float]]) -> None:
    for setting, by_source in sorted(figures.items(), key=lambda item: -sum(item[1].values()))[:12]:
        mean = sum(by_source.values()) / len(by_source)
        print(
            f"{title} {setting:28} {mean:.4f}  " + " ".join(f"{name}={value:.3f}" for name, value in by_source.items())
        )


def sweep_fusions(by_source: Mapping[str, tuple[Candidates, list[str]]]) -> dict[str, dict[str, float]]:
    """nDCG@10 by setting and source; lexical weight is 1 throughout."""
    figures: dict[str, dict[str, float]] = {"dense alone": {}}
    for source, (found, _) in by_source.items():
        figures["dense alone"][source] = float(np.mean([ndcg(dense, gold) for dense, _, _, gold in found]))
        for (name, fuse), weight in itertools.product(FUSIONS.items(), WEIGHTS):
            values = [ndcg(fuse([dense, lexical], [weight, 1.0]), gold) for dense, lexical, _, gold in found]
            figures.setdefault(f"{name} dense={weight}", {})[source] = float(np.mean(values))
    return figures


def sweep_blends(
    by_source: Mapping[str, tuple[Candidates, list[str]]], fusion: str, reranker: Reranker
) -> dict[str, dict[str, float]]:
    """nDCG@10 by blend and share, on top of one fusion."""
    fuse, weight = FUSIONS[fusion.split()[0]], float(fusion.split("=")[1])
    figures: dict[str, dict[str, float]] = {}
    for source, (found, documents) in by_source.items():
        judged = []
        for dense, lexical, query, gold in found:
            fused = fuse([dense, lexical], [weight, 1.0])[:DEPTH]
            logits = reranker.logits(query, [documents[int(row.id)] for row in fused])
            judged.append((fused, {row.id: float(value) for row, value in zip(fused, logits, strict=True)}, gold))
        for method, share in itertools.product(BLENDS, (*SHARES, 1.0)):
            values = [ndcg(blended(rows, logits, weight=share, method=method), gold) for rows, logits, gold in judged]
            figures.setdefault(f"{method} {share}", {})[source] = float(np.mean(values))
    return figures


def main() -> None:
    """Sweep fusion, then the blend on top of the fusion that the embedder advises, or of the best."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--embedder", required=True)
    parser.add_argument("--reranker")
    arguments = parser.parse_args()
    embedder = Embedder.load(arguments.embedder)
    by_source = {source: candidates(source, arguments.rows, embedder) for source in SOURCES}
    fusions = sweep_fusions(by_source)
    _show("fusion", fusions)
    for fixed in ("rrf dense=0.0", "dense alone"):
        _show("fusion", {fixed: fusions[fixed]})
    if arguments.reranker is None:
        return
    chosen = max((name for name in fusions if "=" in name), key=lambda name: sum(fusions[name].values()))
    if embedder.recommended_fusion:
        chosen = f"{embedder.recommended_fusion} dense={embedder.recommended_dense_weight}"
    blends = sweep_blends(by_source, chosen, Reranker.load(arguments.reranker))
    print("on top of", chosen)
    _show("blend", blends)
    _show("blend", {"logit 1.0": blends["logit 1.0"]})


if __name__ == "__main__":
    main()
