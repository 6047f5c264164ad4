"""Root mean square normalisation, the mean taken in float32 whatever the weights are stored in.

Source: arXiv 1910.07467.
"""

from __future__ import annotations

from typing import Any

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
        if not torch.is_grad_enabled():
            return self._serve(states, weight)
        if states.device.type != "cpu" or torch.compiler.is_compiling():  # where PyTorch fuses it, both ways
            return functional.rms_norm(states, (states.shape[-1],), weight, self.eps)
        normed: Tensor = _Normed.apply(states, weight, self.eps)  # type: ignore[no-untyped-call]
        return normed

    def rotated(self, states_THD: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
        """Normalise heads `[T, H, D]`, then `rotate` them by the tables; the states are not to be used afterwards."""
        return rotate(self(states_THD), *rope)

    def _serve(self, states: Tensor, weight: Tensor) -> Tensor:
        return (states * _scale(states, self.eps)).mul_(weight)


def _scale(states: Tensor, eps: float) -> Tensor:
    """One over the root mean square, from a sum in float32 without a float32 copy: faster on CPU (LOG.md)."""
    norm = torch.linalg.vector_norm(states, dim=-1, keepdim=True, dtype=torch.float32)
    return torch.rsqrt(norm.square_().div_(states.shape[-1]).add_(eps)).to(states.dtype)


class _Normed(torch.autograd.Function):
    """Normalising with its way back in closed form.

    With x = s n, the states n over their root mean square, and g the gradient of the result w x:

        dL/dw = sum g x        dL/dn = s (g w - x mean(g w x))

    PyTorch on CPU goes back through every operation of the way there, which takes several times the passes over memory.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor, eps: float) -> Tensor:
        scale = _scale(states, eps)
        unit = states * scale
        ctx.save_for_backward(unit, scale, weight)
        return unit * weight

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        unit, scale, weight = ctx.saved_tensors
        products = grad * unit
        along = (products @ weight)[..., None] / len(weight)
        into_states = (grad * weight).addcmul_(unit, along, value=-1).mul_(scale)
        return into_states, products.flatten(0, -2).sum(0), None
