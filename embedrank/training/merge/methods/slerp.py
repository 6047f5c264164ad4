"""Spherical interpolation of two vectors, and of more, folded in one after another.

    slerp(a, b, t) = sin((1 - t) o) / sin(o) * a + sin(t o) / sin(o) * b,   cos(o) = <a, b> / (|a| |b|)

The vectors keep their lengths; on the way the length goes from one to the other. Nearly parallel vectors are
interpolated linearly, which is the limit of the formula. So are vectors of length zero. Nearly opposite ones have no
shortest arc: they are refused.
With N parents the k-th is folded into the merge of those before it with t = 1 / k.
Source: Shoemake, Animating rotation with quaternion curves, 1985; for models the paper, arXiv 2506.05176.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from embedrank.core.errors import OppositeVectorsError
from embedrank.training.merge.methods.weighting import Weighting

NEAR_PARALLEL = 1 - 1e-7  # above it sin(o) has lost half of its digits, and linear differs by less than rounding
NEAR_OPPOSITE = -1 + 1e-4


def slerp(products_NN: Tensor, weighting: Weighting) -> Tensor:
    """Factors of the interpolation.

    Args:
        products_NN: Inner products of the parents.
        weighting: `t`, for two parents.

    Returns:
        `[N]`; exactly 1 and 0 at the ends.

    Raises:
        OppositeVectorsError: If two vectors point in opposite directions.
    """
    num_parents = products_NN.shape[0]
    factors_N = torch.zeros(num_parents, dtype=torch.float64)
    factors_N[0] = 1.0
    for index in range(1, num_parents):
        t = 1 / (index + 1) if weighting.t is None else weighting.t
        square_so_far = float(factors_N @ products_NN @ factors_N)
        product = float(factors_N @ products_NN[:, index])
        before, added = arc_factors(square_so_far, float(products_NN[index, index]), product, t)
        factors_N = factors_N * before
        factors_N[index] = added
    return factors_N


def arc_factors(first_square: float, second_square: float, product: float, t: float) -> tuple[float, float]:
    """Factors of two vectors on the arc between them.

    Args:
        first_square: Inner product of the first with itself.
        second_square: Of the second with itself.
        product: Of both.
        t: Place on the arc, 0 to 1.

    Returns:
        Factor of the first, factor of the second.

    Raises:
        OppositeVectorsError: If they point in opposite directions and `t` is not an end.
    """
    lengths = math.sqrt(max(first_square, 0.0)) * math.sqrt(max(second_square, 0.0))
    if t in (0.0, 1.0) or lengths == 0:
        return 1 - t, t
    cosine = max(-1.0, min(1.0, product / lengths))
    if cosine > NEAR_PARALLEL:
        return 1 - t, t
    if cosine < NEAR_OPPOSITE:
        raise OppositeVectorsError(cosine)
    angle = math.acos(cosine)
    return math.sin((1 - t) * angle) / math.sin(angle), math.sin(t * angle) / math.sin(angle)
