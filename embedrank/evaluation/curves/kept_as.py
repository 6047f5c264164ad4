"""Ways to keep a corpus of vectors, and exact search in each.

Shapes: Q queries, N documents, D dimensions, T places of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from embedrank.core.types import FloatArray
from embedrank.evaluation.curves.binary import hamming_scores
from embedrank.evaluation.curves.int8 import int8_scores

Places: TypeAlias = npt.NDArray[np.int64]
_QUERIES_PER_BLOCK: Final = 256
_SMALLEST_DIM: Final = 16


def float_scores(queries_QD: FloatArray, documents_ND: FloatArray) -> FloatArray:
    """Inner products, which of unit vectors are cosines.

    Args:
        queries_QD: Float32 vectors.
        documents_ND: Float32 vectors.

    Returns:
        Float32 `[Q, N]`.
    """
    products: FloatArray = queries_QD @ documents_ND.T
    return products


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAs:
    """A way to keep vectors.

    Attributes:
        bits: Of each dimension, as far as search goes through all documents.
        scores: Compares all queries with all documents, higher is nearer.
        rescored: Whether the first of the list are put in order by the float32 vectors, which then lie elsewhere.
    """

    bits: int
    scores: Callable[[FloatArray, FloatArray], FloatArray]
    rescored: bool = False

    def bytes_per_vector(self, dim: int) -> int:
        """Bytes that a search reads of every document.

        Args:
            dim: Dimensions.

        Returns:
            Whole bytes; without what is kept once for a corpus, and without float32 vectors for rescoring.
        """
        return -(-dim * self.bits // 8)


KEPT_AS: Final[Mapping[str, KeptAs]] = MappingProxyType(
    {
        "float32": KeptAs(bits=32, scores=float_scores),
        "int8": KeptAs(bits=8, scores=int8_scores),
        "binary": KeptAs(bits=1, scores=hamming_scores),
        "binary, rescored": KeptAs(bits=1, scores=hamming_scores, rescored=True),
    }
)


def nearest(queries_QD: FloatArray, documents_ND: FloatArray, kept_as: KeptAs, *, top: int) -> Places:
    """Exact search; documents that score the same keep their order.

    Args:
        queries_QD: Unit vectors.
        documents_ND: Unit vectors.
        kept_as: How the documents are kept.
        top: Length of each list; also how many of them are rescored.

    Returns:
        Rows of `documents_ND`, `[Q, T]`, best first.

    Source:
        Rescoring: Yamada et al. 2021, section 3 (candidates by Hamming distance, then a finer score),
        https://arxiv.org/abs/2106.00882; there documents stay binary, here the float32 vectors are read.
    """
    blocks = []
    for block_QD in (
        queries_QD[start : start + _QUERIES_PER_BLOCK] for start in range(0, len(queries_QD), _QUERIES_PER_BLOCK)
    ):
        found_QT = np.argsort(-kept_as.scores(block_QD, documents_ND), axis=1, kind="stable")[:, :top]
        if kept_as.rescored:
            finer_QT = np.einsum("qd,qtd->qt", block_QD, documents_ND[found_QT])
            found_QT = np.take_along_axis(found_QT, np.argsort(-finer_QT, axis=1, kind="stable"), axis=1)
        blocks.append(found_QT)
    return np.concatenate(blocks)


def prefix(vectors_ND: FloatArray, dim: int) -> FloatArray:
    """The leading dimensions, brought back to unit length.

    Args:
        vectors_ND: Vectors.
        dim: How many to keep.

    Returns:
        Float32 `[N, dim]`.

    Source:
        Kusupati et al. 2022 (Matryoshka), https://arxiv.org/abs/2205.13147
    """
    front = vectors_ND[:, :dim]
    lengths = np.maximum(np.linalg.norm(front, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    unit: FloatArray = (front / lengths).astype(np.float32)
    return unit


def prefix_dims(width: int) -> Iterator[int]:
    """The whole width, then half of it and again, down to 16.

    Args:
        width: Dimensions of a whole vector.

    Yields:
        Dimensions, falling; at least the width.
    """
    yield width
    while width // 2 >= _SMALLEST_DIM:
        width //= 2
        yield width
