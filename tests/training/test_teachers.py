"""Teachers judge the documents asked for, in the order asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from embedrank.core.errors import InvalidInputError
from embedrank.core.types import FloatArray
from embedrank.training.rows import TrainingRow
from embedrank.training.teachers import EncoderTeacher, RerankerTeacher, TeacherOfRows, scored
from tests.training.task_rows import rows_of


class Counting:
    """A reranker and an encoder whose numbers tell what they were asked."""

    fingerprint, dim = "", 4

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        raise AssertionError("a teacher's logits are asked for, not its probabilities")

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        return np.array(
            [len(query) + 100 * len(text) + 10000 * len(instruction or "") for text in documents], "float32"
        )

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        return np.array([[1.0, len(text), len(instruction or ""), 0.0] for text in texts], "float32")[:, :dim]

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        return np.array([[1.0, len(text), 0.0, 1.0] for text in texts], "float32")[:, :dim]


def rows() -> list[TrainingRow]:
    first, second, third, *_ = rows_of("retrieval")
    return [first, replace(second, instruction="Another one"), third]


def documents(some: Sequence[TrainingRow]) -> list[tuple[str, ...]]:
    return [(row.positives[0], *row.negatives) for row in some]


def test_a_reranker_is_asked_with_each_row_s_instruction() -> None:
    found = RerankerTeacher(Counting()).scores(rows(), documents(rows()))
    for row, texts, scores in zip(rows(), documents(rows()), found, strict=True):
        assert scores == [len(row.query) + 100 * len(text) + 10000 * len(row.instruction or "") for text in texts]


def test_an_encoder_gives_cosines_row_by_row_whatever_the_instructions() -> None:
    found = EncoderTeacher(Counting()).scores(rows(), documents(rows()))
    for row, texts, scores in zip(rows(), documents(rows()), found, strict=True):
        assert scores == [1 + len(row.query) * len(text) for text in texts]


def test_an_encoder_gives_vectors_of_queries_then_positives_then_negatives() -> None:
    vectors = EncoderTeacher(Counting()).vectors(rows(), documents(rows()), dim=3)
    texts = [row.query for row in rows()] + [row.positives[0] for row in rows()]
    texts += [text for row in rows() for text in row.negatives]
    assert vectors[:, 1].tolist() == [len(text) for text in texts]
    assert vectors[:3, 2].tolist() == [len(row.instruction or "") for row in rows()]


def test_scores_written_into_rows_are_read_back_for_any_choice_of_documents() -> None:
    kept = list(scored(rows(), RerankerTeacher(Counting())))
    chosen = [tuple(reversed(texts)) for texts in documents(rows())]
    assert TeacherOfRows().scores(kept, chosen) == RerankerTeacher(Counting()).scores(rows(), chosen)
    shuffled = [row.reordered([0], list(reversed(range(len(row.negatives))))) for row in kept]
    assert TeacherOfRows().scores(shuffled, chosen) == TeacherOfRows().scores(kept, chosen)


def test_rows_without_scores_are_refused_by_the_name_of_their_source() -> None:
    with pytest.raises(InvalidInputError, match="'some retrieval' without teacher_scores"):
        TeacherOfRows().scores(rows(), documents(rows()))
