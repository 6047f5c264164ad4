"""Root mean square normalisation, the mean taken in float32 whatever the weights are stored in.

Source: arXiv 1910.07467.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from embedrank.model.rope import rotate


class RMSNorm(nn.Module):
    """Scales each vector to unit root mean square, then by a learned weight per channel."""

    def __init__(self, size: int, *, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, states: Tensor) -> Tensor:
        """Normalise the last dimension; shape and dtype stay."""
        weight = self.weight if self.weight.dtype == states.dtype else self.weight.to(states.dtype)
        if torch.is_grad_enabled():
            return functional.rms_norm(states, (states.shape[-1],), weight, self.eps)
        return self._serve(states, weight)

    def rotated(self, states_THD: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
        """Normalise heads `[T, H, D]`, then `rotate` them by the tables; the states are not to be used afterwards."""
        return rotate(self(states_THD), *rope)

    def _serve(self, states: Tensor, weight: Tensor) -> Tensor:
        """The sum of squares in float32 without a float32 copy of the states: faster on CPU (LOG.md)."""
        norm = torch.linalg.vector_norm(states, dim=-1, keepdim=True, dtype=torch.float32)
        scale = torch.rsqrt(norm.square_().div_(states.shape[-1]).add_(self.eps))
        return (states * scale.to(states.dtype)).mul_(weight)
