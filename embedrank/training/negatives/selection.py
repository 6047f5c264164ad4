"""From what was found for a row to its negatives: the rules, the draw, the reranker's veto. Nothing here retrieves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from embedrank.core.types import FloatArray
from embedrank.training.negatives import reasons
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.decision import Decision, Negative
from embedrank.training.negatives.pooling import Found, pooled
from embedrank.training.negatives.rules import judge
from embedrank.training.negatives.sampling import draw_order
from embedrank.training.negatives.window import Identities, Window

Relevance: TypeAlias = Callable[[Sequence[int]], FloatArray]
"""Places of documents to the reranker's scores, 0..1."""


def select(
    windows: Sequence[Window],
    own: Identities,
    config: MiningConfig,
    *,
    row: int,
    relevance: Relevance | None = None,
) -> Decision:
    """Choose the negatives of one row.

    Args:
        windows: What each encoder found.
        own: The texts that belong to the row.
        config: The bounds, and how to draw.
        row: Number of the row; with the seed it decides the draw.
        relevance: Asks the reranker; None where there is none. It is asked for no more documents than are needed.

    Returns:
        The decision; its counts add up to the documents of all windows.
    """
    num_found = sum(len(window.places_K) for window in windows)
    positive_score = found_positive(windows, own)
    if positive_score is None and config.require_positive:
        return Decision(outcome=reasons.NOT_FOUND, documents={reasons.ROW_DROPPED: num_found})
    usable, counts = pooled(windows, [judge(window, own, config) for window in windows])
    scores = np.array([found.score for found in usable], dtype=np.float32)
    drawn = (usable[place] for place in draw_order(scores, config, row=row).tolist())
    num_wanted = config.num_negatives - (len(own.written) if config.existing == "fill" else 0)
    kept, num_judged = _taken(drawn, max(num_wanted, 0), config, relevance)
    num_vetoed = num_judged - len(kept) if relevance is not None else 0
    counts[reasons.VETOED] += num_vetoed
    counts[reasons.NOT_DRAWN] += len(usable) - len(kept) - num_vetoed
    is_enough = len(kept) + len(own.written) >= config.min_negatives
    counts[reasons.KEPT if is_enough else reasons.ROW_DROPPED] += len(kept)
    return Decision(
        outcome=reasons.KEPT if is_enough else reasons.TOO_FEW,
        negatives=tuple(kept) if is_enough else (),
        documents={reason: count for reason, count in counts.items() if count},
        num_judged=num_judged,
        positive_score=positive_score,
    )


def found_positive(windows: Sequence[Window], own: Identities) -> float | None:
    """The cosine of the best positive in the first window that holds one.

    Args:
        windows: What each encoder found.
        own: The texts that belong to the row.

    Returns:
        The cosine; None where no window holds a positive.
    """
    for window in windows:
        at = np.flatnonzero(np.isin(window.digests_K, own.positives))
        if len(at):
            return float(window.scores_K[at[0]])
    return None


def _taken(
    drawn: Iterator[Found], num_wanted: int, config: MiningConfig, relevance: Relevance | None
) -> tuple[list[Negative], int]:
    """The first so many that the reranker lets pass, and how many it read."""
    kept: list[Negative] = []
    num_judged = 0
    while batch := [found for _, found in zip(range(num_wanted - len(kept)), drawn, strict=False)]:
        if relevance is None:
            kept += [_negative(found, None) for found in batch]
            continue
        num_judged += len(batch)
        said = relevance([found.place for found in batch]).tolist()
        kept += [
            _negative(found, score) for found, score in zip(batch, said, strict=True) if score <= config.max_relevance
        ]
    return kept, num_judged


def _negative(found: Found, relevance: float | None) -> Negative:
    return Negative(place=found.place, rank=found.rank, score=found.score, encoder=found.encoder, relevance=relevance)
