"""Pairwise reranker loss: each query's positive must beat each of its negatives by a margin.

    L = (1/R) sum_r (1/K_r) sum_k max(0, m - (s_r0 - s_rk))

Shape suffixes: N pairs of all queries one after another, R queries, K negatives of a query.
Source: pairwise hinge of Ranking SVM, Herbrich et al., Large Margin Rank Boundaries for Ordinal Regression (2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from embedrank.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginConfig:
    """Switches of the loss.

    Attributes:
        width: `m`: by how much the positive must win, in logits.
    """

    width: float = 1.0

    def __post_init__(self) -> None:
        if self.width <= 0:
            raise ConfigError("MarginConfig", "width", self.width, "must be positive")


def margin(logits_N: Tensor, counts: Sequence[int], config: MarginConfig) -> Tensor:
    """Hinge on differences of logits.

    Args:
        logits_N: Yes logit minus no logit; each query's positive comes first in its list.
        counts: Documents per query; lists of one cost nothing.
        config: Switches.

    Returns:
        A scalar, the mean over queries of the mean over their negatives.
    """
    costs = [
        (config.width - (scores[0] - scores[1:])).clamp(min=0).mean() if len(scores) > 1 else 0 * scores[0]
        for scores in logits_N.split(list(counts))
    ]
    return torch.stack(costs).mean()
