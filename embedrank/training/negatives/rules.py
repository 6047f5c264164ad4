"""Rules that refuse a document as a negative. Each sees the whole window and marks what it refuses.

Shape suffix: K documents of a window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from embedrank.training.negatives import reasons
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.window import Identities, Window

Marks: TypeAlias = npt.NDArray[np.bool_]
Reasons: TypeAlias = npt.NDArray[np.object_]
"""For each document the reason why it is refused; an empty string where it is not."""

Rule: TypeAlias = Callable[[Window, Identities, MiningConfig], Marks]


def judge(window: Window, own: Identities, config: MiningConfig) -> Reasons:
    """Apply all rules: first what a document is, then how many of the best are passed over, then its score.

    Args:
        window: What was found.
        own: The texts that belong to the row.
        config: The bounds.

    Returns:
        The first reason that holds for each document, object `[K]`.
    """
    reasons_K: Reasons = np.full(len(window.places_K), "", dtype=object)
    _mark(reasons_K, IDENTITY_RULES, window, own, config)
    reasons_K[np.flatnonzero(reasons_K == "")[: config.skip]] = reasons.SKIPPED
    _mark(reasons_K, SCORE_RULES, window, own, config)
    return reasons_K


def is_positive(window: Window, own: Identities, config: MiningConfig) -> Marks:
    """The same text as a positive of the row."""
    return np.isin(window.digests_K, own.positives)


def is_other_positive(window: Window, own: Identities, config: MiningConfig) -> Marks:
    """The same text as a positive of another row that asks the same."""
    return np.isin(window.digests_K, own.others)


def is_written(window: Window, own: Identities, config: MiningConfig) -> Marks:
    """The same text as a negative that the row has and keeps."""
    return np.isin(window.digests_K, own.written)


def is_similar(window: Window, own: Identities, config: MiningConfig) -> Marks:
    """So near to a positive that it may say the same."""
    if config.max_similarity is None or window.similarities_K is None:
        return np.zeros(len(window.places_K), dtype=np.bool_)
    return window.similarities_K > config.max_similarity


def above_cap(window: Window, own: Identities, config: MiningConfig) -> Marks:
    """Score above an absolute cap (TopK-Abs)."""
    return window.scores_K > (np.inf if config.max_score is None else config.max_score)


def above_share(window: Window, own: Identities, config: MiningConfig) -> Marks:
    """Score above a share of the positive's (TopK-PercPos); below zero the bound lies as far under the positive."""
    if config.max_share is None:
        return np.zeros(len(window.places_K), dtype=np.bool_)
    positive = window.positive_score
    return window.scores_K > positive - (1 - config.max_share) * abs(positive)


def above_margin(window: Window, own: Identities, config: MiningConfig) -> Marks:
    """Score above the positive's less a margin (TopK-MarginPos)."""
    return window.scores_K > (np.inf if config.margin is None else window.positive_score - config.margin)


IDENTITY_RULES: Final[Mapping[str, Rule]] = {
    reasons.POSITIVE: is_positive,
    reasons.OTHER_POSITIVE: is_other_positive,
    reasons.WRITTEN: is_written,
    reasons.SIMILAR: is_similar,
}
SCORE_RULES: Final[Mapping[str, Rule]] = {
    reasons.ABOVE_CAP: above_cap,
    reasons.ABOVE_SHARE: above_share,
    reasons.ABOVE_MARGIN: above_margin,
}


def _mark(reasons_K: Reasons, rules: Mapping[str, Rule], window: Window, own: Identities, config: MiningConfig) -> None:
    for reason, refuses in rules.items():
        reasons_K[(reasons_K == "") & refuses(window, own, config)] = reason
