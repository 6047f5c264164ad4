"""Reranker loss for graded rows: the probability itself must be near the row's score.

    L = (1/N) sum_i ( sigmoid(logit_i) - y_i )^2        y in 0..1

It is bounded, so a wrong grade costs less than with `score_head`. Shape suffix: N pairs.
Source: the Brier score, Monthly Weather Review 78 (1950), which is least on average at the true probability.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def regression(logits_N: Tensor, targets_N: Tensor) -> Tensor:
    """Mean squared error of probabilities.

    Args:
        logits_N: One logit per pair.
        targets_N: 0..1.

    Returns:
        A scalar, the mean over pairs.
    """
    return functional.mse_loss(logits_N.sigmoid(), targets_N.to(logits_N.dtype))
