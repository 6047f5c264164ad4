"""Root mean square normalisation, computed in float32 whatever the weights are stored in.

Source: arXiv 1910.07467.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class RMSNorm(nn.Module):
    """Scales each vector to unit root mean square, then by a learned weight per channel."""

    def __init__(self, size: int, *, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, states: Tensor) -> Tensor:
        """Normalise the last dimension; shape and dtype stay."""
        weight = self.weight if self.weight.dtype == states.dtype else self.weight.to(states.dtype)
        return functional.rms_norm(states, (states.shape[-1],), weight, self.eps)
