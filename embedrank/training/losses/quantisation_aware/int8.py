"""Vectors as 8-bit integers with one step per vector, and a gradient that passes straight through.

    s = max|v| / 127        v^ = s round(v/s)        dL/dv := dL/dv^

Source: straight-through estimator, arXiv 1308.3432, section 3; steps by the largest number as in arXiv 2208.07339,
section 2.1.
"""

from __future__ import annotations

import torch
from torch import Tensor

LARGEST = 127


def int8(vectors: Tensor) -> Tensor:
    """What a vector is after it was stored as 8-bit integers.

    Args:
        vectors: `[..., D]`; a vector of zeros stays one.

    Returns:
        The same shape, near the input.
    """
    held = vectors.detach()
    steps = held.abs().amax(-1, keepdim=True).clamp(min=torch.finfo(held.dtype).tiny) / LARGEST
    rounded = (held / steps).round() * steps
    return vectors + (rounded - held)
