"""A student takes over what its teacher says, from rows or from a model behind a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity, normalize

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.prompts import format_query
from embedrank.core.types import FloatArray
from embedrank.model.initialize import initialize
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_distil import EmbedderDistilConfig, EmbedderDistilObjective
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.gradients import Gradients
from embedrank.training.loop_config import LoopConfig
from embedrank.training.losses.distil.candidate_scores import CandidateScores
from embedrank.training.losses.distil.kl import KLConfig, kl
from embedrank.training.losses.for_students import DISTIL_LOSSES
from embedrank.training.parallel.alone import Alone
from embedrank.training.rows import TrainingRow
from embedrank.training.teachers import EncoderTeacher, RerankerTeacher
from tests.model.conftest import pico_decoder, pico_tokenizer
from tests.training.conftest import gradients, largest_difference
from tests.training.task_rows import rows_of
from tests.training.two_in_one import loss_of_two, loss_of_two_apart


class Told:
    """An encoder of any width, with vectors that hang on the texts alone."""

    fingerprint = ""

    def __init__(self, dim: int = 48) -> None:
        self.dim = dim

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        return self.encode_documents([f"{instruction} {text}" for text in texts], dim=dim)

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        raw = [np.random.default_rng(list(text.encode())).normal(size=self.dim)[:dim] for text in texts]
        vectors = np.array(raw, "float32")
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        raise AssertionError

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        return 10 * self.encode_documents(documents) @ self.encode_queries([query])[0]


def student(**changes: Any) -> EmbedderObjective:
    decoder = pico_decoder()
    initialize(decoder, seed=3)
    settings = {"dims": (48, 32), "num_negatives": 2, **changes}
    return EmbedderObjective(decoder.requires_grad_(), pico_tokenizer(), EmbedderObjectiveConfig(**settings))


def objective(
    teacher: Any, loss: str, learner: EmbedderObjective | None = None, **changes: Any
) -> EmbedderDistilObjective:
    return EmbedderDistilObjective(learner or student(), EmbedderDistilConfig(loss=loss, **changes), teacher=teacher)


def rows() -> list[TrainingRow]:
    return rows_of("retrieval")


TEACHERS = {
    "kl": RerankerTeacher(Told()),
    "margin_mse": EncoderTeacher(Told()),
    "cosine": EncoderTeacher(Told()),
    "similarity": EncoderTeacher(Told(7)),
}


@pytest.mark.parametrize("loss", DISTIL_LOSSES)
def test_students_come_nearer_to_their_teachers(loss: str) -> None:
    ours = objective(TEACHERS[loss], loss)
    optimizer = torch.optim.AdamW(ours.module.parameters(), lr=1e-2)
    found = []
    for _ in range(20):
        value = ours.loss(rows())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        found.append(value.item())
    assert found[-1] < 0.8 * found[0]


def test_kl_compares_each_row_s_own_candidates_over_every_prefix() -> None:
    given = [replace(row, teacher_scores=tuple(range(1 + len(row.negatives)))) for row in rows()]
    learner, config = student(), KLConfig(temperature=0.1, teacher_temperature=2.0)
    texts = learner.texts(given)
    vectors, expected = learner.embed(texts.sequences), 0.0
    negatives = iter(vectors[2 * len(given) :])
    candidates = [
        [vectors[len(given) + place], *(next(negatives) for _ in row.negatives)] for place, row in enumerate(given)
    ]
    for dim in (48, 32):
        for place, own in enumerate(candidates):
            cosines = torch.stack([cosine_similarity(vectors[place, :dim], text[:dim], dim=0) for text in own])[None]
            teacher = torch.arange(len(own)).float()[None]
            scores = CandidateScores(student_RC=cosines, teacher_RC=teacher, mask_RC=torch.ones_like(cosines).bool())
            expected += 0.5 * kl(scores, config).item() / len(given)
    assert objective(None, "kl", learner, kl=config).loss(given).item() == pytest.approx(expected, rel=1e-5)


def test_vectors_are_nothing_apart_where_the_student_is_its_own_teacher() -> None:
    learner = student(dims=(48,))

    class Self(Told):
        def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
            ids = [ids for ids, _ in pico_tokenizer().encode_ended(list(texts), max_length=64)]
            with torch.no_grad():
                return normalize(learner.embed(ids)[:, :dim], dim=-1).numpy()

        def encode_queries(
            self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
        ) -> FloatArray:
            return self.encode_documents([format_query(text, instruction) for text in texts], dim=dim)

    for loss in ("cosine", "similarity"):
        assert objective(EncoderTeacher(Self()), loss, learner).loss(rows()).item() == pytest.approx(0, abs=1e-6)


def test_the_task_s_own_loss_stands_beside_with_its_weight() -> None:
    learner = student()
    alone, task = objective(TEACHERS["kl"], "kl", learner).loss(rows()), learner.loss(rows())
    both = objective(TEACHERS["kl"], "kl", learner, task_weight=0.3).loss(rows())
    assert both.item() == pytest.approx(alone.item() + 0.3 * task.item(), rel=1e-5)


@pytest.mark.parametrize("task_weight", [0.0, 0.5])
@pytest.mark.parametrize("loss", ["kl", "margin_mse", "cosine"])
def test_two_processes_have_the_loss_and_gradient_of_one(
    loss: str, task_weight: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = objective(TEACHERS[loss], loss, task_weight=task_weight)
    one = ours.loss(rows())
    one.backward()
    expected = gradients(ours.module)
    both = loss_of_two if task_weight else loss_of_two_apart
    two = both(ours.prepare, (rows()[:4], rows()[4:]), monkeypatch)
    two.backward()
    assert two.item() == pytest.approx(one.item(), rel=1e-5)
    assert largest_difference(expected, gradients(ours.module)) < 1e-4


def test_steps_in_passes_have_the_gradient_of_the_whole_batch() -> None:
    ours, found = objective(TEACHERS["kl"], "kl", student(pack_tokens=40), task_weight=0.5), []
    for in_passes in (False, True):
        config = LoopConfig(num_steps=1, learning_rate=1.0, in_passes=in_passes, bf16=False)
        Gradients(ours, Alone(), config).add(rows())
        found.append(gradients(ours.module))
    assert largest_difference(*found) < 1e-5


def test_rows_without_scores_or_without_negatives_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="teacher_scores"):
        objective(None, "kl").loss(rows())
    with pytest.raises(InvalidInputError, match="no row of 'some retrieval' has negatives"):
        objective(TEACHERS["kl"], "kl").loss(rows_of("retrieval", negatives=()))


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: EmbedderDistilConfig(loss="mse"), "loss"),
        (lambda: EmbedderDistilConfig(task_weight=-1.0), "task_weight"),
        (lambda: objective(RerankerTeacher(Told()), "cosine"), "needs a teacher that gives vectors"),
        (lambda: objective(None, "similarity"), "needs a teacher that gives vectors"),
        (lambda: objective(None, "kl", student(num_negatives=0)), "compares candidates"),
        (lambda: objective(EncoderTeacher(Told(40)), "cosine").loss(rows()), "of 48 numbers, not 40; use similarity"),
    ],
)
def test_what_cannot_be_distilled_is_refused(make: Any, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        make()
