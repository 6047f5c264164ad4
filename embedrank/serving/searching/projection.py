"""Vectors as points of a plane: principal components. Pure functions over arrays.

N points, D dimensions of a vector.
"""

from __future__ import annotations

import numpy as np

from embedrank.core.types import FloatArray


def principal_plane(vectors_ND: FloatArray) -> FloatArray:
    """Project onto the two directions of largest variance.

    Args:
        vectors_ND: Float32 `[n, d]`.

    Returns:
        Float32 `[n, 2]`, centred; a direction that the data does not have is zero. The sign of each direction is that
        of its largest weight, so that the same vectors always give the same picture.

    Source:
        Pearson, "On Lines and Planes of Closest Fit to Systems of Points in Space", 1901.
    """
    num_points, dim = vectors_ND.shape
    if num_points == 0:
        return np.zeros((0, 2), dtype=np.float32)
    centred = (vectors_ND - vectors_ND.mean(axis=0)).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    plane = directions[:, ::-1][:, : min(2, dim)]
    largest = plane[np.abs(plane).argmax(axis=0), np.arange(plane.shape[1])]
    points = np.zeros((num_points, 2), dtype=np.float32)
    points[:, : plane.shape[1]] = centred @ (plane * np.where(largest < 0, -1.0, 1.0))
    return points


def in_unit_square(points_N2: FloatArray) -> FloatArray:
    """Move and scale points, both axes alike, into the square from 0 to 1.

    Args:
        points_N2: Float32 `[n, 2]`.

    Returns:
        Float32 `[n, 2]`; points that all lie in one place come into the middle.
    """
    if not len(points_N2):
        return points_N2
    low, high = points_N2.min(axis=0), points_N2.max(axis=0)
    extent = float((high - low).max())
    middle = (low + high) / 2
    scaled: FloatArray = np.clip((points_N2 - middle) / (extent or 1.0) + 0.5, 0, 1).astype(np.float32)
    return scaled
