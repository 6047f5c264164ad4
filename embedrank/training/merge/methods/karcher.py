"""The Karcher mean: the direction whose weighted squared angles to the parents are least, at their mean length.

It is slerp for any number of parents at once, so that their order does not matter. Found by going along the mean of the
parents' directions, as seen from where one is, until that mean is nearly nothing.
Source: Karcher, Riemannian center of mass, 1977; as a merge of models: arXiv 2502.05729 and the toolkits that followed.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from embedrank.core.errors import OppositeVectorsError
from embedrank.training.merge.methods.slerp import NEAR_OPPOSITE
from embedrank.training.merge.methods.weighting import Weighting

MAX_ROUNDS, TOLERANCE_RAD = 1000, 1e-10  # of the last step; parents within a right angle take some 15 rounds
SHORTEST_SUM = 1e-6  # of weighted unit vectors: a shorter one points where rounding does


def karcher(products_NN: Tensor, weighting: Weighting) -> Tensor:
    """Factors of the mean.

    Args:
        products_NN: Inner products of the parents.
        weighting: Weights.

    Returns:
        `[N]`; a parent of length zero counts for the length and not for the direction.

    Raises:
        OppositeVectorsError: If two vectors are opposite, or all of them cancel, so that there is no one mean.
    """
    shares_N = torch.tensor(weighting.shares(products_NN.shape[0]), dtype=torch.float64)
    lengths_N = products_NN.diagonal().clamp(min=0).sqrt()
    there = (lengths_N > 0) & (shares_N > 0)
    if not there.any():
        return shares_N
    units_NN = products_NN[there][:, there] / (lengths_N[there][:, None] * lengths_N[there][None, :])
    if float(units_NN.min()) < NEAR_OPPOSITE:
        raise OppositeVectorsError(float(units_NN.min()))
    weights = shares_N[there] / shares_N[there].sum()
    direction = _mean_direction(units_NN.clamp(-1, 1), weights)
    factors_N = torch.zeros_like(shares_N)
    factors_N[there] = direction * float(shares_N @ lengths_N) / lengths_N[there]
    return factors_N


def _mean_direction(units_NN: Tensor, weights_N: Tensor) -> Tensor:
    """The mean as a sum of the unit vectors with the returned factors, itself of length 1."""
    if float(weights_N @ units_NN @ weights_N) < SHORTEST_SUM**2:
        raise OppositeVectorsError(float(units_NN.min()))
    mean_N = _unit(weights_N, units_NN)
    for _ in range(MAX_ROUNDS):
        cosines_N = (units_NN @ mean_N).clamp(-1, 1)
        angles_N = cosines_N.acos()
        stretch_N = torch.where(
            angles_N > 1e-12, angles_N / angles_N.sin().clamp(min=1e-300), torch.ones_like(angles_N)
        )
        step_N = weights_N * stretch_N - (weights_N * stretch_N * cosines_N).sum() * mean_N
        size = math.sqrt(max(float(step_N @ units_NN @ step_N), 0.0))
        if size < TOLERANCE_RAD:
            return mean_N
        mean_N = _unit(math.cos(size) * mean_N + math.sin(size) / size * step_N, units_NN)
    raise OppositeVectorsError(float(units_NN.min()))


def _unit(factors_N: Tensor, units_NN: Tensor) -> Tensor:
    return factors_N / (factors_N @ units_NN @ factors_N).clamp(min=1e-300).sqrt()
