"""Vectors as integers of few bits with a step that is learned (LSQ).

    v^ = s round(clip(v/s, -Q, P))        Q = 2^(b-1), P = 2^(b-1) - 1
    dv^/dv = 1 where -Q < v/s < P, else 0
    dv^/ds = g * ( round(v/s) - v/s  inside;  -Q or P  outside )        g = 1/sqrt(D P)

g keeps the step's gradient in proportion to the vectors'. Shape suffix: D dimensions.
Source: Learned Step Size Quantization, arXiv 1902.08153, equations 1 to 3 and section 2.2.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

MIN_BITS, MAX_BITS = 2, 8


def lsq(vectors: Tensor, step: Tensor, *, bits: int = 8) -> Tensor:
    """What a vector is after it was stored as integers with a common step.

    Args:
        vectors: `[..., D]`.
        step: A scalar that learns; its sign does not count.
        bits: Bits per number, 2 to 8.

    Returns:
        The same shape, a multiple of the step in each number.
    """
    lowest, highest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    scale = 1 / math.sqrt(vectors.shape[-1] * highest)
    step = step.abs().clamp(min=torch.finfo(step.dtype).tiny)
    step = step * scale + (step - step * scale).detach()  # the value of the step, its gradient scaled
    clipped = (vectors / step).clamp(lowest, highest)
    return (clipped + (clipped.round() - clipped).detach()) * step


def first_step(dim: int, *, bits: int = 8) -> float:
    """A step to begin with: `2 mean|v| / sqrt(P)`, the mean being that of random unit vectors.

    Args:
        dim: Length of the vectors.
        bits: Bits per number.

    Returns:
        The step.
    """
    return 2 * math.sqrt(2 / (math.pi * dim)) / math.sqrt(2 ** (bits - 1) - 1)
