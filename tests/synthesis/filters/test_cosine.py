"""Query and positive must be alike; the model sees each query under its own instruction."""

from __future__ import annotations

import pytest

from embedrank.synthesis.filters.needs import FilterNeeds
from tests.synthesis.filters.drafts import AngleEncoder, draft, made, reasons


def test_the_minimum_decides_and_the_cosine_is_told() -> None:
    judge = made("cosine", FilterNeeds(encoder=AngleEncoder()))
    said = judge.judge([draft("q 0", "d 44"), draft("q 0", "d 46")])
    assert [verdict.reason for verdict in said] == ["", "not alike"]
    assert said[0].figures["cosine"] == pytest.approx(0.7193, abs=1e-4)
    assert said[1].detail == "cosine 0.695"


def test_the_nearest_positive_counts() -> None:
    judge = made("cosine", FilterNeeds(encoder=AngleEncoder()), minimum=0.9)
    assert reasons(judge, [draft("q 10", "d 90", "d 12"), draft("q 10", "d 90", "d 80"), draft("q 10", "d 11")]) == [
        "",
        "not alike",
        "",
    ]


def test_graded_pairs_and_labels_need_not_be_alike() -> None:
    encoder = AngleEncoder()
    judge = made("cosine", FilterNeeds(encoder=encoder))
    assert reasons(judge, [draft("q 0", "d 90", task="sts"), draft("q 0", "d 90", task="classification")]) == ["", ""]
    assert encoder.num_documents == 0
    assert reasons(judge, [draft("q 0", "d 90", task="bitext"), draft("q 0", "d 90", task="code")]) == ["not alike"] * 2


def test_queries_are_asked_under_their_own_instructions() -> None:
    encoder = AngleEncoder()
    judge = made("cosine", FilterNeeds(encoder=encoder))
    rows = [draft("a 0", "d 0", instruction="find"), draft("b 0", "d 0"), draft("c 0", "d 0", instruction="find")]
    judge.judge(rows)
    assert encoder.asked == [("find", ("a 0", "c 0")), (None, ("b 0",))]
