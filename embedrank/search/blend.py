"""How much the reranker's verdict weighs against the place in recall. Pure functions, chosen by name through `BLENDS`.

A strong reranker decides alone (weight 1). A small one knows things that recall does not, but also forgets things that
recall has right (an exact name, a number); then a weight between 0 and 1 orders better than either alone.
At weight 1 every blend gives the reranker's own order, at weight 0 every blend gives the order of recall.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

from embedrank.core.errors import ConfigError
from embedrank.core.types import Scored
from embedrank.search.fusion import RRF_K, best_first
from embedrank.search.normalise import min_max

Blend: TypeAlias = Callable[[Sequence[float], Sequence[float], float], list[float]]


def probability(logit: float) -> float:
    """Logistic function: the reranker's yes-no logit difference as a probability, without overflow.

    Args:
        logit: Any real number.

    Returns:
        Number in 0..1.
    """
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    return math.exp(logit) / (1.0 + math.exp(logit))


def logit_blend(recall: Sequence[float], logits: Sequence[float], weight: float) -> list[float]:
    """Both scores min-max normalised over the candidates of this query, then a weighted mean.

    Args:
        recall: Recall scores of the candidates, higher is better.
        logits: Yes-no logit differences of the same candidates.
        weight: Share of the reranker, 0..1.

    Returns:
        Scores in 0..1. Only differences inside one candidate list matter, so a reranker whose probabilities sit near 0
        or near 1 still orders.
    """
    return _mean(min_max(recall), min_max(logits), weight)


def probability_blend(recall: Sequence[float], logits: Sequence[float], weight: float) -> list[float]:
    """Recall min-max normalised, the reranker by its probability, then a weighted mean.

    Args:
        recall: Recall scores of the candidates, higher is better.
        logits: Yes-no logit differences of the same candidates.
        weight: Share of the reranker, 0..1.

    Returns:
        Scores in 0..1. A reranker that finds all candidates equally bad leaves the order of recall; this needs
        calibrated probabilities.
    """
    return _mean(min_max(recall), [probability(logit) for logit in logits], weight)


def rank_blend(recall: Sequence[float], logits: Sequence[float], weight: float) -> list[float]:
    """Reciprocal-rank fusion of both orders, scaled so that first in both gives 1.

    Args:
        recall: Recall scores of the candidates, higher is better.
        logits: Yes-no logit differences of the same candidates.
        weight: Share of the reranker, 0..1.

    Returns:
        Scores in 0..1. Robust to any scale, blind to how sure either side is.
    """
    return _mean(_reciprocal_ranks(recall), _reciprocal_ranks(logits), weight)


def _mean(recall: Sequence[float], judged: Sequence[float], weight: float) -> list[float]:
    return [weight * theirs + (1.0 - weight) * ours for ours, theirs in zip(recall, judged, strict=True)]


def _reciprocal_ranks(scores: Sequence[float]) -> list[float]:
    # The sort is stable: ties keep the order of the candidates.
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    places = {place: rank for rank, place in enumerate(order, start=1)}
    return [(RRF_K + 1) / (RRF_K + places[place]) for place in range(len(scores))]


BLENDS: Final[Mapping[str, Blend]] = MappingProxyType(
    {"logit": logit_blend, "probability": probability_blend, "rank": rank_blend}
)


def blended(candidates: Sequence[Scored], logits: Mapping[str, float], *, weight: float, method: str) -> list[Scored]:
    """The final order: judged candidates by their blend, the rest behind them in the order of recall.

    Args:
        candidates: Recalled rows, best first.
        logits: Id to yes-no logit difference, for those rows that the reranker has read.
        weight: Share of the reranker, 0..1. At 1 the score is its probability, ordered by the logit.
        method: Key of `BLENDS`.

    Returns:
        All candidates, best first. Rows that were not judged have scores in -1..0.

    Raises:
        ConfigError: If there is no blend of that name.
    """
    if method not in BLENDS:
        raise ConfigError("search", "blend", method, f"must be one of {', '.join(BLENDS)}")
    judged = [row for row in candidates if row.id in logits]
    rest = [row for row in candidates if row.id not in logits]
    if weight == 1.0:  # a probability saturates in floating point where its logit still orders
        order = best_first({row.id: logits[row.id] for row in judged})
        head = [Scored(id=row.id, score=probability(row.score)) for row in order]
    else:
        scores = BLENDS[method]([row.score for row in judged], [logits[row.id] for row in judged], weight)
        head = best_first(dict(zip((row.id for row in judged), scores, strict=True)))
    tail = [Scored(id=row.id, score=-place / len(rest)) for place, row in enumerate(rest, start=1)]
    return head + tail
