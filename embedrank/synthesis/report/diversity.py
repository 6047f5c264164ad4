"""How much queries differ from each other: distinct n-grams and self-BLEU."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

Tokens = Sequence[str]
MAX_ORDER: Final = 4
_SMOOTHING: Final = 0.1  # matches of an order that has none (Chen and Cherry 2014, method 1)


def distinct(texts: Sequence[Tokens], order: int) -> float:
    """Share of the n-grams of some texts that are different ones.

    Source: Li et al., arXiv 1510.03055, section 5.2 (distinct-1 and distinct-2).

    Args:
        texts: Texts in words.
        order: Words of an n-gram.

    Returns:
        In 0..1, 1 where none repeats; falls with the number of texts, so that only samples of one size compare.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for tokens in texts:
        counts.update(_ngrams(tokens, order))
    return len(counts) / counts.total() if counts else 0.0


def self_bleu(texts: Sequence[Tokens]) -> float:
    """How well each text could be put together from phrases of all others: the mean of its BLEU against them.

    Source: Zhu et al., arXiv 1802.01886, section 3.1 (self-BLEU); BLEU as in Papineni et al. 2002, up to four words,
    for texts of fewer words up to as many.

    Args:
        texts: Texts in words; empty ones are passed over.

    Returns:
        In 0..1, 0 where no text shares a word with another, 1 where all are the same.
    """
    texts = [tokens for tokens in texts if tokens]
    if len(texts) < 2:
        return 0.0
    bests = [_two_best(texts, order) for order in range(1, MAX_ORDER + 1)]
    lengths = sorted(len(tokens) for tokens in texts)
    return sum(_bleu(tokens, place, bests, lengths) for place, tokens in enumerate(texts)) / len(texts)


Best = dict[tuple[str, ...], tuple[int, int, int]]
"""By n-gram: its largest count in a text, the place of that text, and its largest count in any other."""


def _two_best(texts: Sequence[Tokens], order: int) -> Best:
    best: Best = {}
    for place, tokens in enumerate(texts):
        for ngram, count in Counter(_ngrams(tokens, order)).items():
            first, owner, second = best.get(ngram, (0, -1, 0))
            best[ngram] = (count, place, first) if count > first else (first, owner, max(second, count))
    return best


def _bleu(tokens: Tokens, place: int, bests: Sequence[Best], lengths: Sequence[int]) -> float:
    logs = []
    for order, best in enumerate(bests[: len(tokens)], start=1):
        counts = Counter(_ngrams(tokens, order))
        matches = 0
        for ngram, count in counts.items():
            first, owner, second = best[ngram]
            matches += min(count, second if owner == place else first)
        if order == 1 and not matches:
            return 0.0
        logs.append(math.log((matches or _SMOOTHING) / counts.total()))
    others = list(lengths)
    others.remove(len(tokens))
    nearest = min(others, key=lambda length: (abs(length - len(tokens)), length))
    brevity = min(0.0, 1 - nearest / len(tokens))
    return math.exp(brevity + sum(logs) / len(logs))


def _ngrams(tokens: Tokens, order: int) -> list[tuple[str, ...]]:
    return [tuple(tokens[start : start + order]) for start in range(len(tokens) - order + 1)]
