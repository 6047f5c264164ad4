"""Rotary position embedding, half-split form, with the tables made once per batch.

Shape suffixes: T packed tokens, H heads, D head dimension, F half of it.
Source: RoFormer, arXiv 2104.09864; half-split form as in Qwen3.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def rope_tables(positions_T: Tensor, *, head_dim: int, theta: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosines and sines for each token's place.

    Args:
        positions_T: Place of each packed token in its own sequence, from 0.
        head_dim: Size of a head, even.
        theta: Base of the frequencies.
        dtype: What the tables are rounded to; they are computed in float32.

    Returns:
        Cosine and sine tables `[T, 1, F]`, to be broadcast over heads.
    """
    exponents_F = torch.arange(0, head_dim, 2, dtype=torch.float32, device=positions_T.device) / head_dim
    angles_TF = positions_T.to(torch.float32)[:, None] * (theta**-exponents_F)[None, :]
    return angles_TF.cos().to(dtype)[:, None, :], angles_TF.sin().to(dtype)[:, None, :]


def rotate(states_THD: Tensor, cos_TF: Tensor, sin_TF: Tensor) -> Tensor:
    """Turn the two halves of every head by the angle of its token.

    Args:
        states_THD: Queries or keys.
        cos_TF: Cosines `[T, 1, F]`.
        sin_TF: Sines `[T, 1, F]`.

    Returns:
        Rotated states, same shape.
    """
    if not torch.compiler.is_compiling():  # graphs want no writing in place
        if not torch.is_grad_enabled():
            return _rotated(states_THD, cos_TF, sin_TF)
        turned: Tensor = _Rotated.apply(states_THD, cos_TF, sin_TF)  # type: ignore[no-untyped-call]
        return turned
    first, second = states_THD.chunk(2, dim=-1)
    return torch.cat(
        (
            torch.addcmul(first * cos_TF, second, sin_TF, value=-1),
            torch.addcmul(second * cos_TF, first, sin_TF),
        ),
        dim=-1,
    )


def _rotated(states_THD: Tensor, cos_TF: Tensor, sin_TF: Tensor) -> Tensor:
    """As `rotate`, written where it belongs: one pass over memory less than joining two halves (LOG.md)."""
    out_THD = torch.empty_like(states_THD)
    first, second = states_THD.chunk(2, dim=-1)
    out_first, out_second = out_THD.chunk(2, dim=-1)
    torch.mul(first, cos_TF, out=out_first).addcmul_(second, sin_TF, value=-1)
    torch.mul(second, cos_TF, out=out_second).addcmul_(first, sin_TF)
    return out_THD


class _Rotated(torch.autograd.Function):
    """The way back of a rotation is the rotation by the opposite angle."""

    @staticmethod
    def forward(ctx: Any, states_THD: Tensor, cos_TF: Tensor, sin_TF: Tensor) -> Tensor:
        ctx.save_for_backward(cos_TF, sin_TF)
        return _rotated(states_THD, cos_TF, sin_TF)

    @staticmethod
    def backward(ctx: Any, grad_THD: Tensor) -> tuple[Tensor, None, None]:
        cos_TF, sin_TF = ctx.saved_tensors
        return _rotated(grad_THD, cos_TF, -sin_TF), None, None
