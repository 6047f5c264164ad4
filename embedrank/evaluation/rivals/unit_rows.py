"""Vectors of a model that is not ours, checked and brought to unit length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from embedrank.core.errors import InvalidInputError
from embedrank.core.types import FloatArray


def unit_rows(vectors_ND: npt.ArrayLike, refuse: Callable[[str], Exception]) -> FloatArray:
    """Check vectors and scale each to length 1.

    Args:
        vectors_ND: `[n, dim]`, any float type.
        refuse: Makes the error of what is wrong with them.

    Returns:
        Float32 `[n, dim]`, unit rows.

    Raises:
        Exception: What `refuse` made, if a number is not finite or a vector has no direction.
    """
    rows = np.asarray(vectors_ND, dtype=np.float32)
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise refuse(f"vector {bad[0]} of {len(rows)} holds numbers that are not finite")
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    flat = np.flatnonzero(norms[:, 0] == 0)
    if len(flat):
        raise refuse(f"vector {flat[0]} of {len(rows)} is all zeros")
    unit: FloatArray = rows / norms
    return unit


def checked_dim(dim: int | None, whole: int) -> int:
    """The number of leading dimensions that is meant.

    Args:
        dim: What was asked for; None for all.
        whole: Numbers a vector has.

    Returns:
        A number in 1 to `whole`.

    Raises:
        InvalidInputError: If it is out of range.
    """
    if dim is None:
        return whole
    if not 1 <= dim <= whole:
        raise InvalidInputError("dim", f"{dim} is outside 1..{whole}")
    return dim


def front(rows_ND: FloatArray, dim: int) -> FloatArray:
    """The first `dim` numbers of unit rows, brought to unit length again.

    Args:
        rows_ND: Unit rows.
        dim: Numbers to keep.

    Returns:
        Float32 `[n, dim]`.
    """
    if dim == rows_ND.shape[1]:
        return rows_ND
    kept = rows_ND[:, :dim]
    scaled: FloatArray = kept / np.maximum(np.linalg.norm(kept, axis=1, keepdims=True), 1e-12)
    return scaled
