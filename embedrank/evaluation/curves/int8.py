"""Vectors as one signed byte a dimension.

Shapes: Q queries, N documents, D dimensions.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from embedrank.core.types import FloatArray

Bytes: TypeAlias = npt.NDArray[np.int8]


def quantised(documents_ND: FloatArray) -> tuple[Bytes, FloatArray]:
    """Scale each dimension by its largest magnitude in the corpus and round to -127..127.

    Args:
        documents_ND: Float32 vectors.

    Returns:
        Bytes `[N, D]` and the scale `[D]`, one for the whole corpus; their product is near `documents_ND`.

    Source:
        Jacob et al. 2018, section 2.1, symmetric (zero point 0), https://arxiv.org/abs/1712.05877
    """
    scale_D = np.maximum(np.abs(documents_ND).max(axis=0) / 127, np.finfo(np.float32).tiny).astype(np.float32)
    return np.rint(documents_ND / scale_D).astype(np.int8), scale_D


def int8_scores(queries_QD: FloatArray, documents_ND: FloatArray) -> FloatArray:
    """Inner products of float queries with documents that are kept as bytes.

    Args:
        queries_QD: Float32 vectors; they are not stored, hence not rounded.
        documents_ND: Float32 vectors, rounded here.

    Returns:
        Float32 `[Q, N]`.

    Source:
        Jegou et al. 2011, section III-A (asymmetric distance), https://doi.org/10.1109/TPAMI.2010.57
    """
    bytes_ND, scale_D = quantised(documents_ND)
    products: FloatArray = (queries_QD * scale_D) @ bytes_ND.astype(np.float32).T
    return products
