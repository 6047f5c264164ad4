"""Is one system better than another, or is it the luck of these queries?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from embedrank.core.errors import InvalidInputError

_TRIALS_PER_BLOCK: Final = 500


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
    generator = np.random.default_rng(seed)
    means: list[float] = []
    for start in range(0, num_trials, _TRIALS_PER_BLOCK):
        size = (min(_TRIALS_PER_BLOCK, num_trials - start), len(differences))
        means.extend(differences[generator.integers(0, len(differences), size=size)].mean(axis=1))
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Difference(mean=float(differences.mean()), low=float(low), high=float(high))


def _differences(first: Mapping[str, float], second: Mapping[str, float]) -> npt.NDArray[np.float64]:
    if first.keys() != second.keys():
        raise InvalidInputError("systems", "were not run on the same queries")
    return np.asarray([second[query] - first[query] for query in first], dtype=np.float64)
