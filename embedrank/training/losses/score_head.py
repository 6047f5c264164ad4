"""Reranker loss of a single logit: the probability that a document answers must be the row's score.

    L = -(1/N) sum_i ( y_i log p_i + (1 - y_i) log(1 - p_i) )        p = sigmoid(logit), y in 0..1

With labels of 0 and 1 and the difference of the yes and no logits it is the two-token loss; beyond it, y may be graded.

Shape suffix: N pairs. Source: binary cross-entropy of pointwise rerankers, arXiv 1901.04085, section 3.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def score_head(logits_N: Tensor, targets_N: Tensor) -> Tensor:
    """Binary cross-entropy.

    Args:
        logits_N: One logit per pair.
        targets_N: 0..1.

    Returns:
        A scalar, the mean over pairs.
    """
    return functional.binary_cross_entropy_with_logits(logits_N, targets_N.to(logits_N.dtype))
