"""Is one system better than another, or is it the luck of these queries?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from embedrank.core.errors import InvalidInputError

_TRIALS_PER_BLOCK: Final = 500


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
    if first.keys() != second.keys():
        raise InvalidInputError("systems", "were not run on the same queries")
    differences = np.asarray([second[query] - first[query] for query in first], dtype=np.float64)
    observed = abs(differences.sum())
    generator = np.random.default_rng(seed)
    as_large = 0
    for start in range(0, num_trials, _TRIALS_PER_BLOCK):
        size = (min(_TRIALS_PER_BLOCK, num_trials - start), len(differences))
        signs = generator.integers(0, 2, size=size, dtype=np.int8).astype(np.float64) * 2 - 1
        as_large += int((np.abs(signs @ differences) >= observed - 1e-12).sum())
    return (as_large + 1) / (num_trials + 1)
