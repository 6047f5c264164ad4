"""Vectors as one bit a dimension: its sign.

Shapes: Q queries, N documents, D dimensions.
"""

from __future__ import annotations

import numpy as np

from embedrank.core.types import FloatArray


def signs(vectors_ND: FloatArray) -> FloatArray:
    """+1 where a dimension is above 0, else -1.

    Args:
        vectors_ND: Float32 vectors.

    Returns:
        Float32 of the same shape.
    """
    plus_or_minus_ND: FloatArray = np.where(vectors_ND > 0, np.float32(1), np.float32(-1))
    return plus_or_minus_ND


def hamming_scores(queries_QD: FloatArray, documents_ND: FloatArray) -> FloatArray:
    """Negative Hamming distances of the signs.

    Args:
        queries_QD: Float32 vectors.
        documents_ND: Float32 vectors.

    Returns:
        Float32 `[Q, N]`, whole numbers from -D to 0.

    Source:
        Charikar 2002, https://doi.org/10.1145/509907.509965. The inner product of signs is D - 2 * distance, exact in
        float32; so one matrix product counts all bits.
    """
    scores: FloatArray = (signs(queries_QD) @ signs(documents_ND).T - queries_QD.shape[1]) / 2
    return scores
