"""A deterministic encoder for tests: hashed words, unit rows."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from embedrank.core.types import FloatArray

DIM = 64


class BagOfWords:
    """An `Encoder` without a model; counts the documents it was given."""

    fingerprint = "bag-of-words"
    dim = DIM

    def __init__(self) -> None:
        self.num_encoded = 0

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        return self._encode(texts, dim)

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        self.num_encoded += len(texts)
        return self._encode(texts, dim)

    def _encode(self, texts: Sequence[str], dim: int | None) -> FloatArray:
        vectors = np.full((len(texts), DIM), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, zlib.crc32(word.encode()) % DIM] += 1
        vectors = vectors[:, : dim or DIM]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
