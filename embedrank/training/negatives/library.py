"""A corpus as one encoder sees it: embedded once, then searched exactly.

Shape suffixes: Q queries, K documents found, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from embedrank.core.protocols import Encoder
from embedrank.core.types import FloatArray
from embedrank.core.vector_file import VectorFile
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.corpus import Corpus
from embedrank.training.negatives.top_k import Places, top_k
from embedrank.training.negatives.work_folder import WorkFolder
from embedrank.training.rows import TrainingRow

_EMBEDDED_AT_ONCE: Final = 256  # documents that a kill can lose
_SEARCHED_AT_ONCE: Final = 4096


class Library:
    """An encoder and its vectors of all documents."""

    def __init__(self, encoder: Encoder, number: int, work: WorkFolder, config: MiningConfig) -> None:
        """Open what there is of the vectors.

        Args:
            encoder: The encoder.
            number: Its place among the encoders, from 0.
            work: Where the vectors lie.
            config: Dimensions, and the instruction of rows without one.
        """
        self._encoder, self._key, self._config, self._work = encoder, str(number), config, work
        done = work.progress.num_vectors.get(self._key, 0)
        self._vectors = VectorFile(work.path / f"vectors-{number}.f32", config.dim or encoder.dim, done)

    def embed(self, corpus: Corpus, tell: Callable[[int, int], None]) -> None:
        """Compute the vectors that are not there yet.

        Args:
            corpus: The documents.
            tell: Told after each part how many are done and of how many.
        """
        for start in range(self._vectors.num_rows, len(corpus), _EMBEDDED_AT_ONCE):
            texts = corpus.texts(range(start, min(start + _EMBEDDED_AT_ONCE, len(corpus))))
            self._vectors.append(self._encoder.encode_documents(texts, dim=self._config.dim))
            num_vectors = {**self._work.progress.num_vectors, self._key: self._vectors.num_rows}
            self._work.commit(replace(self._work.progress, num_vectors=num_vectors))
            tell(self._vectors.num_rows, len(corpus))

    def queries(self, rows: Sequence[TrainingRow]) -> FloatArray:
        """Float32 `[Q, D]`: the queries of some rows, each under its instruction."""
        by_instruction: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            by_instruction.setdefault(row.instruction or self._config.instruction or "", []).append(place)
        vectors_QD: FloatArray = np.empty((len(rows), self._config.dim or self._encoder.dim), dtype=np.float32)
        for instruction, places in by_instruction.items():
            texts = [rows[place].query for place in places]
            vectors_QD[places] = self._encoder.encode_queries(texts, instruction=instruction, dim=self._config.dim)
        return vectors_QD

    def search(self, queries_QD: FloatArray) -> tuple[Places, FloatArray]:
        """Places `[Q, K]` and cosines `[Q, K]` of the nearest documents, best first."""
        return top_k(queries_QD, self._vectors.blocks(_SEARCHED_AT_ONCE), self._config.window)

    def documents(self, places: Sequence[int]) -> FloatArray:
        """Float32 `[n, D]`: the vectors of documents of the corpus."""
        return self._vectors.rows(places)

    def foreign(self, texts: Sequence[str]) -> FloatArray:
        """Float32 `[n, D]`: the vectors of texts that the corpus does not have."""
        return self._encoder.encode_documents(texts, dim=self._config.dim)
