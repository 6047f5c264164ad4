import numpy as np
import pytest
from scipy import stats

from embedrank.core.errors import InvalidInputError
from embedrank.evaluation.compare import bootstrap_difference


def values(numbers):
    return {str(place): float(number) for place, number in enumerate(numbers)}


def test_the_interval_is_scipys():
    generator = np.random.default_rng(0)
    first = generator.random(60)
    second = first + generator.normal(0.05, 0.1, 60)
    found = bootstrap_difference(values(first), values(second))
    theirs = stats.bootstrap((second - first,), np.mean, method="percentile", n_resamples=10_000, rng=1)
    assert found.mean == pytest.approx((second - first).mean())
    assert found.low == pytest.approx(theirs.confidence_interval.low, abs=0.002)
    assert found.high == pytest.approx(theirs.confidence_interval.high, abs=0.002)


def test_the_sides_can_be_swapped_and_the_seed_decides():
    generator = np.random.default_rng(0)
    one, other = values(generator.random(20)), values(generator.random(20))
    there, back = bootstrap_difference(one, other, seed=3), bootstrap_difference(other, one, seed=3)
    assert (there.mean, there.low, there.high) == pytest.approx((-back.mean, -back.high, -back.low))
    assert bootstrap_difference(one, other, seed=3) == there


def test_a_wider_confidence_is_a_wider_interval():
    generator = np.random.default_rng(0)
    one, other = values(generator.random(20)), values(generator.random(20))
    narrow, wide = (bootstrap_difference(one, other, confidence=share) for share in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high


def test_systems_on_other_queries_are_not_compared():
    with pytest.raises(InvalidInputError):
        bootstrap_difference({"a": 1.0}, {"b": 1.0})
