"""Exact search for many queries over more vectors than fit into memory.

Shape suffixes: Q queries, B documents of a block, M of them that come into question, K found, D dimensions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from embedrank.core.types import FloatArray

Keys = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

_SIGN = np.uint32(1 << 31)
_LOW = np.uint64((1 << 32) - 1)
_HALF = np.uint64(32)


def top_k(queries_QD: FloatArray, blocks: Iterable[FloatArray], k: int) -> tuple[Places, FloatArray]:
    """The documents nearest to each query by inner product.

    Args:
        queries_QD: Float32, one row a query.
        blocks: The documents' vectors in order, some `[B, D]` at a time; at most 2^32 in all.
        k: How many to find, at least 1.

    Returns:
        Places of the documents, int64 `[Q, K]`, and their products, float32 `[Q, K]`; best first, equal products in the
        order of the documents. K is less than `k` only where there are fewer documents.
    """
    best_QK: Keys = np.empty((len(queries_QD), 0), dtype=np.uint64)
    first = 0
    for block_BD in blocks:
        # Only what beats the worst that is kept can come in, which after a few blocks is little.
        floor_Q = _scores(best_QK.min(axis=1)) if best_QK.shape[1] == k else np.full(len(best_QK), -np.inf)
        keys_QM = _keys_above(floor_Q, queries_QD @ block_BD.T, first)
        best_QK = _largest(np.concatenate([best_QK, keys_QM], axis=1), k)
        first += len(block_BD)
    best_QK = np.sort(best_QK, axis=1)[:, ::-1]
    return (_LOW - (best_QK & _LOW)).astype(np.int64), _scores(best_QK)


def _keys_above(floor_Q: npt.NDArray[np.floating[Any]], scores_QB: FloatArray, first: int) -> Keys:
    """Keys of all scores above a floor, as many columns as the fullest row has, 0 where a row has fewer."""
    rows, columns = np.nonzero(scores_QB > floor_Q[:, None])
    counts_Q = np.bincount(rows, minlength=len(scores_QB))
    starts_Q = np.cumsum(counts_Q) - counts_Q
    keys_QM: Keys = np.zeros((len(scores_QB), int(counts_Q.max(initial=0))), dtype=np.uint64)
    keys_QM[rows, np.arange(len(rows)) - starts_Q[rows]] = _keys(scores_QB[rows, columns], first + columns)
    return keys_QM


def _keys(scores: FloatArray, places: Places) -> Keys:
    """Whole numbers above 0 in the order of the scores; of equal scores that of the earlier document is larger."""
    bits = (scores + np.float32(0)).view(np.uint32)  # adding 0 makes -0 the same as 0
    ordered = np.where(bits & _SIGN, ~bits, bits | _SIGN).astype(np.uint64)
    keys: Keys = (ordered << _HALF) | (_LOW - places.astype(np.uint64))
    return keys


def _scores(keys: Keys) -> FloatArray:
    ordered = (keys >> _HALF).astype(np.uint32)
    scores: FloatArray = np.where(ordered & _SIGN, ordered & ~_SIGN, ~ordered).view(np.float32)
    return scores


def _largest(keys: Keys, k: int) -> Keys:
    return keys if keys.shape[1] <= k else np.partition(keys, -k, axis=1)[:, -k:]
