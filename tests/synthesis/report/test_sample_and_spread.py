"""Samples do not depend on the order in which items come, and histograms hold all that was sampled."""

from __future__ import annotations

import random

import pytest

from embedrank.synthesis.report.sample import Sample
from embedrank.synthesis.report.spread import Spread


def test_a_sample_is_the_same_in_any_order_and_never_larger_than_asked() -> None:
    names = [f"k{number}" for number in range(100)]
    kept = set()
    for seed in range(5):
        random.Random(seed).shuffle(names)
        sample: Sample[str] = Sample(7)
        for name in names:
            sample.offer(name, name.upper())
        kept.add(tuple(sample.items()))
    assert len(kept) == 1
    assert len(kept.pop()) == 7


def test_a_sample_of_few_holds_all_of_them() -> None:
    sample: Sample[int] = Sample(7)
    for number in range(3):
        sample.offer(str(number), number)
    assert sorted(sample.items()) == [0, 1, 2]


def test_a_sample_is_a_fair_one() -> None:
    sample: Sample[int] = Sample(2000)
    for number in range(20_000):
        sample.offer(f"row {number}", number)
    assert sum(sample.items()) / 2000 == pytest.approx(10_000, rel=0.05)


def spread(values):
    made = Spread()
    for number, value in enumerate(values):
        made.add(str(number), value)
    return made.report()


def test_whole_numbers_have_a_bin_each() -> None:
    report = spread([1, 1, 2, 3, 3, 3])
    assert (report["edges"], report["counts"]) == ([1, 2, 3, 4], [2, 1, 3])
    assert (report["count"], report["mean"], report["median"]) == (6, pytest.approx(13 / 6), 2.5)


@pytest.mark.parametrize("values", [[0.5] * 9, [0.1, 0.2, 0.95], list(range(5000)), [0.0], [-1.5, 2], [7]])
def test_every_number_is_in_a_bin(values) -> None:
    report = spread(values)
    assert sum(report["counts"]) == report["count"] == len(values)
    assert len(report["edges"]) == len(report["counts"]) + 1 <= 26
    assert report["edges"] == sorted(set(report["edges"]))


def test_an_outlier_does_not_flatten_the_picture() -> None:
    report = spread([*range(1000), 10**6])
    assert report["edges"][-1] < 1100
    assert sum(report["counts"]) == 1001
