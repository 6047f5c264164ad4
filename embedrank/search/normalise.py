"""Ways to bring the scores of one ranked list onto a scale that can be added to another's. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, pstdev
from types import MappingProxyType
from typing import Final, TypeAlias

Normaliser: TypeAlias = Callable[[Sequence[float]], list[float]]


def min_max(scores: Sequence[float]) -> list[float]:
    """Map the lowest score to 0 and the highest to 1.

    Args:
        scores: Any real numbers, in any order.

    Returns:
        Numbers in 0..1 in the same order; all 1 where the scores are all equal, since none is worse than another.
    """
    if not scores:
        return []
    low, high = min(scores), max(scores)
    if high == low:
        return [1.0] * len(scores)
    return [(score - low) / (high - low) for score in scores]


def z_score(scores: Sequence[float]) -> list[float]:
    """Shift to mean 0 and scale to standard deviation 1 (of the list itself).

    Args:
        scores: Any real numbers, in any order.

    Returns:
        Standardised numbers in the same order; all 0 where the scores are all equal.
    """
    if not scores:
        return []
    mean, deviation = fmean(scores), pstdev(scores)
    if deviation == 0:
        return [0.0] * len(scores)
    return [(score - mean) / deviation for score in scores]


NORMALISERS: Final[Mapping[str, Normaliser]] = MappingProxyType({"minmax": min_max, "zscore": z_score})
