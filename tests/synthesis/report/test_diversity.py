"""Distinct n-grams and self-BLEU, against the plain definitions."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedrank.synthesis.report.diversity import distinct, self_bleu


def plain_bleu(tokens, references) -> float:
    """BLEU of one text against all references, as the paper writes it down."""
    logs = []
    for order in range(1, min(4, len(tokens)) + 1):

        def grams(text, order=order):
            return Counter(tuple(text[i : i + order]) for i in range(len(text) - order + 1))

        own = grams(tokens)
        matches = sum(min(count, max(grams(text)[gram] for text in references)) for gram, count in own.items())
        if order == 1 and not matches:
            return 0.0
        logs.append(math.log((matches or 0.1) / own.total()))
    nearest = min((len(text) for text in references), key=lambda length: (abs(length - len(tokens)), length))
    return math.exp(min(0.0, 1 - nearest / len(tokens)) + sum(logs) / len(logs))


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), min_size=2, max_size=6))
def test_self_bleu_is_the_mean_bleu_of_each_against_all_others(texts) -> None:
    expected = [plain_bleu(text, texts[:place] + texts[place + 1 :]) for place, text in enumerate(texts)]
    assert self_bleu(texts) == pytest.approx(sum(expected) / len(texts))


def test_the_ends_of_self_bleu() -> None:
    assert self_bleu([list("abcd")] * 3) == 1
    assert self_bleu([list("ab"), list("cd")]) == 0
    assert self_bleu([["alone"]]) == self_bleu([[], ["a"]]) == self_bleu([]) == 0


def test_distinct_is_the_share_of_different_ngrams() -> None:
    texts = [list("abab"), list("ab")]
    assert distinct(texts, 1) == pytest.approx(2 / 6)
    assert distinct(texts, 2) == pytest.approx(2 / 4)
    assert distinct(texts, 5) == 0
