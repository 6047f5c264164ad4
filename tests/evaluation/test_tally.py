"""Means over queries, with intervals."""

import numpy as np
import pytest

from embedrank.evaluation.compare import bootstrap_difference
from embedrank.evaluation.tally import Tally


@pytest.fixture
def tally():
    generator = np.random.default_rng(0)
    tally = Tally()
    for value in generator.random(80):
        tally.add("full", {"quality": value})
        tally.add("near", {"quality": value + generator.normal(0, 0.05)})
        tally.add("far", {"quality": value - 0.1})
    tally.add("short", {"quality": 1.0})
    return tally


def values(tally, point):
    return {str(place): value for place, value in enumerate(tally._values[point]["quality"])}


def test_differences_are_those_of_the_paired_bootstrap(tally):
    spreads = tally.spreads("quality", lambda point: "full")
    plain = bootstrap_difference(values(tally, "full"), values(tally, "near"))
    found = spreads["near"].difference
    assert (found.mean, found.low, found.high) == pytest.approx((plain.mean, plain.low, plain.high))


def test_an_interval_holds_its_mean(tally):
    means = {point: found["quality"] for point, _, found in tally.means()}
    for point, spread in tally.spreads("quality").items():
        assert spread.low <= means[point] <= spread.high


def test_a_difference_is_one_where_the_interval_is_without_zero(tally):
    spreads = tally.spreads("quality", lambda point: "full")
    assert spreads["near"].compared["differs"] is False
    assert spreads["far"].compared["differs"] is True
    assert spreads["full"].compared == {}


def test_points_over_other_queries_are_not_compared(tally):
    assert tally.spreads("quality", lambda point: "full")["short"].difference is None
