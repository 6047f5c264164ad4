"""Making one ranked list of several. Pure functions over lists of `Scored`, chosen by name through `FUSIONS`.

Equal scores are ordered by id, so that the same lists always give the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

from embedrank.core.errors import ConfigError
from embedrank.core.types import Scored
from embedrank.search.normalise import NORMALISERS

RRF_K: Final = 60

Ranked: TypeAlias = Sequence[Scored]
Fusion: TypeAlias = Callable[[Sequence[Ranked], Sequence[float]], list[Scored]]


def reciprocal_rank_fusion(lists: Sequence[Ranked], weights: Sequence[float], *, k: int = RRF_K) -> list[Scored]:
    """Sum `weight / (k + rank)` over the lists that hold an item; scores themselves are not looked at.

    Args:
        lists: Ranked lists, best first, each id at most once in a list.
        weights: One weight for each list, 0 or more.
        k: Damping of the first ranks, in ranks.

    Returns:
        Every id of any list, best first.

    Source:
        Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion", SIGIR 2009.
    """
    totals: dict[str, float] = {}
    for ranked, weight in zip(lists, weights, strict=True):
        for rank, row in enumerate(ranked, start=1):
            totals[row.id] = totals.get(row.id, 0.0) + weight / (k + rank)
    return best_first(totals)


def weighted_fusion(lists: Sequence[Ranked], weights: Sequence[float], *, normalise: str = "minmax") -> list[Scored]:
    """Weighted mean of the scores, after each list is brought onto one scale.

    An id that a list does not hold counts there as that list's lowest: it scored at most so much.

    Args:
        lists: Ranked lists, best first, each id at most once in a list.
        weights: One weight for each list, 0 or more, not all 0.
        normalise: Key of `NORMALISERS`.

    Returns:
        Every id of any list, best first.

    Source:
        Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", arXiv 2210.11934, section 4.
    """
    totals = dict.fromkeys((row.id for ranked in lists for row in ranked), 0.0)
    share = sum(weights) or 1.0
    for ranked, weight in zip(lists, weights, strict=True):
        scaled = NORMALISERS[normalise]([row.score for row in ranked])
        by_id = dict(zip((row.id for row in ranked), scaled, strict=True))
        lowest = min(scaled, default=0.0) if normalise != "minmax" else 0.0
        for name in totals:
            totals[name] += weight / share * by_id.get(name, lowest)
    return best_first(totals)


def best_first(scores: Mapping[str, float]) -> list[Scored]:
    """Order by falling score, equal scores by id.

    Args:
        scores: Id to score.

    Returns:
        One row for each id.
    """
    return [Scored(id=name, score=score) for name, score in sorted(scores.items(), key=lambda row: (-row[1], row[0]))]


FUSIONS: Final[Mapping[str, Fusion]] = MappingProxyType(
    {
        "rrf": reciprocal_rank_fusion,
        "minmax": partial(weighted_fusion, normalise="minmax"),
        "zscore": partial(weighted_fusion, normalise="zscore"),
    }
)


def fusion(name: str) -> Fusion:
    """Look a fusion method up by name.

    Args:
        name: Key of `FUSIONS`.

    Returns:
        The function `(lists, weights) -> list`.

    Raises:
        ConfigError: If there is no method of that name.
    """
    if name not in FUSIONS:
        raise ConfigError("search", "fusion", name, f"must be one of {', '.join(FUSIONS)}")
    return FUSIONS[name]
