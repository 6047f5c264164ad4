"""Vectors as signs, and a gradient that passes straight through.

    v^ = sign(v) / sqrt(D), zero counting as minus        dL/dv := dL/dv^

The cosine of two such vectors is 1 - 2 h/D for h differing bits. Source: arXiv 1602.02830, section 1.3, whose clip at 1
no number of a unit vector reaches.

Shape suffix: D dimensions.
"""

from __future__ import annotations

import torch
from torch import Tensor


def binary(vectors: Tensor) -> Tensor:
    """What a vector is after it was stored as one bit a number: set where the number is positive.

    Args:
        vectors: `[..., D]`.

    Returns:
        The same shape, unit vectors.
    """
    held = vectors.detach()
    one = torch.ones((), dtype=held.dtype, device=held.device) / held.shape[-1] ** 0.5
    return vectors + (torch.where(held > 0, one, -one) - held)
