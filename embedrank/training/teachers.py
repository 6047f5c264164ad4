"""Who tells a student what is right: scores that came with the rows, or a model behind a protocol of `core`.

Shape suffixes: T texts, U dimensions of the teacher's vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from embedrank.core.errors import InvalidInputError
from embedrank.core.protocols import Encoder, Reranker
from embedrank.core.types import FloatArray
from embedrank.training.rows import TrainingRow


@runtime_checkable
class ScoreTeacher(Protocol):
    """Judges documents."""

    def scores(self, rows: Sequence[TrainingRow], documents: Sequence[Sequence[str]]) -> list[list[float]]:
        """Scores of each row's documents for its query, on the teacher's own scale."""
        ...


@runtime_checkable
class VectorTeacher(Protocol):
    """Embeds texts."""

    def vectors(
        self, rows: Sequence[TrainingRow], documents: Sequence[Sequence[str]], *, dim: int | None = None
    ) -> FloatArray:
        """Unit vectors `[T, U]`: of each row's query; of the first document of each row; of all others, row by row."""
        ...


class TeacherOfRows:
    """Scores computed earlier, from the rows' `teacher_scores`."""

    def scores(self, rows: Sequence[TrainingRow], documents: Sequence[Sequence[str]]) -> list[list[float]]:
        """As `ScoreTeacher.scores`; documents must be those of the rows.

        Args:
            rows: Rows with scores.
            documents: Some documents of each row.

        Returns:
            Their scores.

        Raises:
            InvalidInputError: If a row has no scores.
        """
        found = []
        for row, texts in zip(rows, documents, strict=True):
            if not row.teacher_scores:
                raise InvalidInputError(
                    "training rows",
                    f"rows of {row.source!r} without teacher_scores",
                    hint="give the objective a teacher, or score the rows first with teachers.scored",
                )
            known = dict(zip((*row.positives, *row.negatives), row.teacher_scores, strict=True))
            found.append([known[text] for text in texts])
        return found


class RerankerTeacher:
    """A reranker's logits."""

    def __init__(self, reranker: Reranker) -> None:
        self._reranker = reranker

    def scores(self, rows: Sequence[TrainingRow], documents: Sequence[Sequence[str]]) -> list[list[float]]:
        """As `ScoreTeacher.scores`."""
        return [
            self._reranker.logits(row.query, texts, instruction=row.instruction).tolist()
            for row, texts in zip(rows, documents, strict=True)
        ]


class EncoderTeacher:
    """An embedder's vectors, and their cosines."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def scores(self, rows: Sequence[TrainingRow], documents: Sequence[Sequence[str]]) -> list[list[float]]:
        """As `ScoreTeacher.scores`."""
        queries = self._queries(rows, None)
        flat = self._encoder.encode_documents([text for texts in documents for text in texts])
        parts = np.split(flat, np.cumsum([len(texts) for texts in documents])[:-1])
        return [(part @ query).tolist() for query, part in zip(queries, parts, strict=True)]

    def vectors(
        self, rows: Sequence[TrainingRow], documents: Sequence[Sequence[str]], *, dim: int | None = None
    ) -> FloatArray:
        """As `VectorTeacher.vectors`."""
        ordered = [*[texts[0] for texts in documents], *[text for texts in documents for text in texts[1:]]]
        return np.concatenate((self._queries(rows, dim), self._encoder.encode_documents(ordered, dim=dim)))

    def _queries(self, rows: Sequence[TrainingRow], dim: int | None) -> FloatArray:
        """Query vectors; queries with one instruction go together."""
        places: dict[str | None, list[int]] = {}
        for place, row in enumerate(rows):
            places.setdefault(row.instruction, []).append(place)
        order = [place for some in places.values() for place in some]
        encode: Callable[..., FloatArray] = self._encoder.encode_queries
        found = [
            encode([rows[place].query for place in some], instruction=instruction, dim=dim)
            for instruction, some in places.items()
        ]
        vectors: FloatArray = np.concatenate(found)[np.argsort(order)]
        return vectors


def scored(rows: Sequence[TrainingRow], teacher: ScoreTeacher) -> Iterator[TrainingRow]:
    """Write a teacher's scores into rows, so that training needs the teacher no more.

    Args:
        rows: Rows.
        teacher: Who scores.

    Yields:
        The rows with `teacher_scores`.
    """
    for row in rows:
        (scores,) = teacher.scores([row], [(*row.positives, *row.negatives)])
        yield replace(row, teacher_scores=tuple(scores))
