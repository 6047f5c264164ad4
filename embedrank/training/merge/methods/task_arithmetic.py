"""A weighted sum of task vectors: base + scale * sum_i weight_i * (parent_i - base).

Unlike the mean, equal weights are 1 each, so that every parent's whole task vector is added.
Source: Editing models with task arithmetic, arXiv 2212.04089.
"""

from __future__ import annotations

import torch
from torch import Tensor

from embedrank.training.merge.methods.weighting import Weighting


def task_arithmetic(products_NN: Tensor, weighting: Weighting) -> Tensor:
    """Factors of the sum, `scale` left out: it is applied to every method's result.

    Args:
        products_NN: Inner products; only their number counts.
        weighting: Weights, taken as they are.

    Returns:
        `[N]`.
    """
    return torch.tensor(weighting.weights or (1.0,) * products_NN.shape[0], dtype=torch.float64)
