"""Reranking on CPU with documents grouped by equal length, and by like length with a little padding, in turns.

python benchmarks/rerank_groups.py [--rounds 9] [--documents 100] [--model nano]
"""

from __future__ import annotations

import argparse
import statistics
from functools import partial

import numpy as np
import torch
from _alternating import alternate
from _official_shape import mixed_texts

from embedrank import Reranker
from embedrank.core.types import FloatArray
from embedrank.model.reranker import GROUP_PADDING
from embedrank.model.resolve import resolve
from embedrank.model.tokenizer import TextTokenizer

QUERY = "which river has the most water near the city?"


def main() -> None:
    """Time both and print their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--model", default="nano")
    arguments = parser.parse_args()
    tokenizer = TextTokenizer.load(resolve(arguments.model, kind="reranker"))
    documents = mixed_texts(tokenizer, count=arguments.documents, median=100, longest=512, seed=0)
    reranker = Reranker.load(arguments.model, device="cpu")

    def judged(padding: float) -> FloatArray:
        reranker._decoder.max_padding = padding
        return reranker.logits(QUERY, documents)

    systems = {"equal": partial(judged, 0.0), "like": partial(judged, GROUP_PADDING)}
    logits = {name: run() for name, run in systems.items()}  # warms up
    equal, like = alternate(systems, rounds=arguments.rounds).values()
    ratios = [before / after for before, after in zip(equal, like, strict=True)]
    difference = np.abs(np.subtract(*logits.values())).max()
    print(
        f"{len(documents)} documents, {torch.get_num_threads()} threads, largest difference of logits {difference:.1e}"
    )
    for name, values, unit in (
        ("groups of equal length", equal, "s"),
        (f"with up to {GROUP_PADDING:.0%} padding", like, "s"),
        ("ratio", ratios, ""),
    ):
        print(f"{name:24} {statistics.median(values):.3f} {unit} (min {min(values):.3f}, max {max(values):.3f})")


if __name__ == "__main__":
    main()
