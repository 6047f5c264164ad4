"""Is one system better than another, or is it the luck of these queries?

Shapes: P points, Q queries, R draws of a block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from embedrank.core.errors import InvalidInputError

_TRIALS_PER_BLOCK: Final = 500
SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much better one system is than another.

    Attributes:
        mean: Mean difference over the queries; above 0 where the second is better.
        low: Lower end of the confidence interval.
        high: Its upper end.
    """

    mean: float
    low: float
    high: float


def randomisation_test(
    first: Mapping[str, float], second: Mapping[str, float], *, num_trials: int = 10_000, seed: int = 0
) -> float:
    """Two-sided paired randomisation test of the difference of two means.

    Under the null hypothesis the two values of a query could as well be swapped; the test swaps at random and counts
    how often the difference is at least as large as the observed one.

    Args:
        first: Query id to value of a metric.
        second: The same queries with the values of another system.
        num_trials: Random swaps of all queries.
        seed: Of the random swaps.

    Returns:
        The p value, from `1 / (num_trials + 1)` to 1.

    Raises:
        InvalidInputError: If the two do not hold the same queries.

    Source:
        Smucker, Allan and Carterette, "A Comparison of Statistical Significance Tests for IR Evaluation", CIKM 2007.
    """
    differences = _differences(first, second)
    observed = abs(differences.sum())
    generator = np.random.default_rng(seed)
    as_large = 0
    for start in range(0, num_trials, _TRIALS_PER_BLOCK):
        size = (min(_TRIALS_PER_BLOCK, num_trials - start), len(differences))
        signs = generator.integers(0, 2, size=size, dtype=np.int8).astype(np.float64) * 2 - 1
        as_large += int((np.abs(signs @ differences) >= observed - 1e-12).sum())
    return (as_large + 1) / (num_trials + 1)


def bootstrap_difference(
    first: Mapping[str, float],
    second: Mapping[str, float],
    *,
    confidence: float = 0.95,
    num_trials: int = 10_000,
    seed: int = 0,
) -> Difference:
    """Paired bootstrap of the difference of two means: queries are drawn again, with replacement.

    Args:
        first: Query id to value of a metric.
        second: The same queries with the values of another system.
        confidence: Share of the drawn means that the interval holds, between 0 and 1.
        num_trials: How often all queries are drawn.
        seed: Of the draws.

    Returns:
        The observed difference, with its percentile interval.

    Raises:
        InvalidInputError: If the two do not hold the same queries.

    Source:
        Sakai, "Evaluating Evaluation Metrics based on the Bootstrap", SIGIR 2006; percentile interval
    """
    differences = _differences(first, second)
    low, high = interval(resampled_means(differences[None], num_trials=num_trials, seed=seed)[:, 0], confidence)
    return Difference(mean=float(differences.mean()), low=low, high=high)


def resampled_means(
    values_PQ: npt.NDArray[np.float64], *, num_trials: int = 10_000, seed: int | np.random.Generator = 0
) -> npt.NDArray[np.float64]:
    """Means of points over queries that are drawn again, with replacement; the same queries for all points.

    Args:
        values_PQ: Points by queries. What is subtracted between points is a paired difference.
        num_trials: How often all queries are drawn.
        seed: Of the draws; a generator goes on from where it is, so that several calls draw apart.

    Returns:
        `[num_trials, P]`.
    """
    num_queries = values_PQ.shape[1]
    generator = np.random.default_rng(seed)
    means = []
    for start in range(0, num_trials, _TRIALS_PER_BLOCK):
        num_rows = min(_TRIALS_PER_BLOCK, num_trials - start)
        drawn_RQ = generator.integers(0, num_queries, size=(num_rows, num_queries))
        places = drawn_RQ + np.arange(num_rows)[:, None] * num_queries
        counts_RQ = np.bincount(places.ravel(), minlength=num_rows * num_queries).reshape(num_rows, num_queries)
        means.append(counts_RQ @ values_PQ.T / num_queries)
    return np.concatenate(means)


def interval(drawn: npt.NDArray[np.float64], confidence: float = 0.95) -> tuple[float, float]:
    """Percentile interval.

    Args:
        drawn: Values of all draws; those that are no number do not count.
        confidence: Share of them that the interval holds, between 0 and 1.

    Returns:
        Its ends.
    """
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a system compares with another.

    Attributes:
        p_value: Of a paired randomisation test.
        difference: In the mean, with its interval by a paired bootstrap.
    """

    p_value: float
    difference: Difference

    @property
    def sign(self) -> int:
        """1 where the system is better, -1 where it is worse, 0 where test and interval do not both say so."""
        if self.p_value >= SIGNIFICANT or self.difference.low <= 0 <= self.difference.high:
            return 0
        return 1 if self.difference.mean > 0 else -1


def compare_over_splits(parts: Sequence[tuple[Mapping[str, float], Mapping[str, float]]]) -> Comparison:
    """Compare two systems over the queries of several splits taken together.

    Args:
        parts: For each split, query id to value of the first system and of the second. A query weighs so much that
            every split counts the same, as in a mean over splits.

    Returns:
        The comparison.
    """
    num_queries = sum(len(first) for first, _ in parts)
    first, second = (
        {
            f"{place} {query}": value * num_queries / (len(parts) * len(part[side]))
            for place, part in enumerate(parts)
            for query, value in part[side].items()
        }
        for side in (0, 1)
    )
    return Comparison(p_value=randomisation_test(first, second), difference=bootstrap_difference(first, second))


def _differences(first: Mapping[str, float], second: Mapping[str, float]) -> npt.NDArray[np.float64]:
    if first.keys() != second.keys():
        raise InvalidInputError("systems", "were not run on the same queries")
    return np.asarray([second[query] - first[query] for query in first], dtype=np.float64)
