"""The weighted mean of the parents ("model soup").

Source: arXiv 2203.05482.
"""

from __future__ import annotations

import torch
from torch import Tensor

from embedrank.training.merge.methods.weighting import Weighting


def linear(products_NN: Tensor, weighting: Weighting) -> Tensor:
    """Factors of the mean.

    Args:
        products_NN: Inner products; only their number counts.
        weighting: Weights.

    Returns:
        `[N]`, summing to 1.
    """
    return torch.tensor(weighting.shares(products_NN.shape[0]), dtype=torch.float64)
