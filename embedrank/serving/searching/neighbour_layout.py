"""Points of a plane pulled so that neighbours among the vectors come to lie side by side.

A plane of principal components keeps large distances and mixes what is near. From there, nearest neighbours attract
each other and random pairs repel, with forces that fall off as a t distribution does. Seeded: the same vectors give
the same picture. N points, D dimensions, K neighbours, E pairs.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from embedrank.core.types import FloatArray

_NEIGHBOURS: Final = 12
_EPOCHS: Final = 150
_REPELLED: Final = 5  # random points that each pair of neighbours is pushed away from, an epoch
_NEAR: Final = 0.05  # keeps the push between points in the same place finite
_LONGEST_STEP: Final = 4.0
_START_WIDTH: Final = 10.0

Indices = npt.NDArray[np.int64]


def nearest_neighbours(vectors_ND: FloatArray, num_neighbours: int) -> Indices:
    """The nearest other rows by cosine, by brute force.

    Args:
        vectors_ND: Float32 `[n, d]`, unit rows.
        num_neighbours: How many, less than `n`.

    Returns:
        Int64 `[n, k]`, in no order.
    """
    cosine_NN = vectors_ND @ vectors_ND.T
    np.fill_diagonal(cosine_NN, -np.inf)
    found: Indices = np.argpartition(-cosine_NN, num_neighbours - 1, axis=1)[:, :num_neighbours]
    return found


def neighbour_layout(vectors_ND: FloatArray, start_N2: FloatArray, *, seed: int = 0) -> FloatArray:
    """Lay vectors out in a plane.

    Args:
        vectors_ND: Float32 `[n, d]`, unit rows.
        start_N2: Where points start, such as their principal components.
        seed: Decides which points repel each other.

    Returns:
        Float32 `[n, 2]`; fewer than four points stay where they start.

    Source:
        McInnes, Healy and Melville, "UMAP", arXiv 1802.03426, section 3.2 (forces with a = b = 1, negative sampling),
        with unweighted neighbours and all pairs moved at once.
    """
    num_points = len(vectors_ND)
    if num_points < 4:
        return start_N2
    neighbours = nearest_neighbours(vectors_ND, min(_NEIGHBOURS, num_points - 1))
    heads_E = np.repeat(np.arange(num_points), neighbours.shape[1])
    tails_E = neighbours.reshape(-1)
    degree = np.bincount(heads_E, minlength=num_points) + np.bincount(tails_E, minlength=num_points)
    random = np.random.default_rng(seed)
    points = _START_WIDTH * start_N2.astype(np.float64) / (float(np.abs(start_N2).max()) or 1.0)
    points += random.normal(scale=1e-3, size=points.shape)  # texts that are the same start apart
    for epoch in range(_EPOCHS):
        pull = _pull(points[heads_E] - points[tails_E])
        moved = _summed(-pull, heads_E, num_points) + _summed(pull, tails_E, num_points)
        for _ in range(_REPELLED):
            others = random.integers(num_points, size=len(heads_E))
            moved += _summed(_push(points[heads_E] - points[others]), heads_E, num_points)
        points += (1 - epoch / _EPOCHS) * np.clip(2 * moved / degree[:, None], -_LONGEST_STEP, _LONGEST_STEP)
    laid: FloatArray = points.astype(np.float32)
    return laid


def _pull(away_E2: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    squared = np.square(away_E2).sum(axis=1, keepdims=True)
    pull: npt.NDArray[np.float64] = 2 * away_E2 / (1 + squared)
    return pull


def _push(away_E2: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    squared = np.square(away_E2).sum(axis=1, keepdims=True)
    push: npt.NDArray[np.float64] = 2 * away_E2 / ((_NEAR + squared) * (1 + squared))
    return push.clip(-_LONGEST_STEP, _LONGEST_STEP)


def _summed(
    forces_E2: npt.NDArray[np.float64],
    on_E: Indices,
    num_points: int,
) -> npt.NDArray[np.float64]:
    """The forces on each point, `[n, 2]`."""
    return np.stack([np.bincount(on_E, weights=forces_E2[:, axis], minlength=num_points) for axis in (0, 1)], axis=1)
