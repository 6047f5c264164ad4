"""Vectors that a teacher gave beforehand teach as the teacher would, and only what it knew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity

from embedrank.core.errors import ConfigError, DatasetError, InvalidInputError
from embedrank.core.types import FloatArray
from embedrank.model.initialize import initialize
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_distil import EmbedderDistilConfig, EmbedderDistilObjective
from embedrank.training.embedder_objective import EmbedderObjective
from embedrank.training.rows import TrainingRow
from embedrank.training.taught import TaughtVectors, write_taught
from embedrank.training.token_table import TokenTable, TokenTableObjective
from tests.model.conftest import pico_decoder, pico_tokenizer
from tests.training.task_rows import rows_of
from tests.training.two_in_one import loss_of_two_apart


def unit(count: int, dim: int) -> FloatArray:
    raw = np.random.default_rng(0).normal(size=(count, dim)).astype("float32")
    return raw / np.linalg.norm(raw, axis=1, keepdims=True)


def row(query: str, positive: str) -> TrainingRow:
    return TrainingRow(task="bitext", query=query, positives=(positive,), source="pairs")


def taught(folder: Path, texts: list[str], dim: int = 48) -> tuple[TaughtVectors, FloatArray]:
    vectors = unit(len(texts), dim)
    write_taught(folder, {text: place for place, text in enumerate(texts)}, vectors)
    return TaughtVectors.load(folder), vectors


def objective(teacher: TaughtVectors, **changes: Any) -> EmbedderDistilObjective:
    decoder = pico_decoder()
    initialize(decoder, seed=3)
    student = EmbedderObjective(
        decoder.requires_grad_(), pico_tokenizer(), EmbedderObjectiveConfig(dims=(48, 32), task_losses=INFO_NCE)
    )
    return EmbedderDistilObjective(student, EmbedderDistilConfig(loss="cosine", **changes), teacher=teacher)


INFO_NCE = {"bitext": "info_nce"}


def test_texts_are_found_again_in_the_order_of_queries_first_documents_and_others(tmp_path: Path) -> None:
    teacher, vectors = taught(tmp_path, ["a", "b", "c", "d", "e"])
    found = teacher.vectors([row("e", "a"), row("b", "d")], [["a", "c"], ["d"]])
    assert found == pytest.approx(vectors[[4, 1, 0, 3, 2]], abs=1e-3)


def test_a_translation_is_taught_the_vector_of_its_original(tmp_path: Path) -> None:
    write_taught(tmp_path, {"house": 0, "casa": 0, "tree": 1}, unit(2, 8))
    found = TaughtVectors.load(tmp_path).vectors([row("casa", "house")], [["house"]])
    assert np.array_equal(found[0], found[1])


def test_shortened_vectors_are_unit_and_lengthened_ones_end_in_zeros(tmp_path: Path) -> None:
    teacher, vectors = taught(tmp_path, ["a", "b"], dim=8)
    short = teacher.vectors([row("a", "b")], [["b"]], dim=4)
    assert short[0] == pytest.approx(vectors[0, :4] / np.linalg.norm(vectors[0, :4]), abs=1e-3)
    long = teacher.vectors([row("a", "b")], [["b"]], dim=12)
    assert long[0, :8] == pytest.approx(vectors[0], abs=1e-3)
    assert not long[:, 8:].any()


@pytest.mark.parametrize("texts", [["known"], []])
def test_unknown_texts_have_no_vector(tmp_path: Path, texts: list[str]) -> None:
    teacher, _ = taught(tmp_path, texts)
    found = teacher.vectors([row("strange", "known")], [["known"]])
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all() == bool(texts)


def test_unknown_texts_are_left_out_of_the_loss(tmp_path: Path) -> None:
    rows = [row("aa", "hello world"), row("bbb", "hello and")]
    teacher, vectors = taught(tmp_path, ["aa", "hello and"])
    ours = objective(teacher, weight=3.0)
    student = ours._student
    embedded = student.packed(student.reading(rows).queries + student.reading(rows).positives).vectors()
    expected = 0.0
    for dim in (48, 32):
        for place, vector in ((0, vectors[0]), (3, vectors[1])):
            expected += 3 * (1 - cosine_similarity(embedded[place, :dim], torch.tensor(vector[:dim]), dim=0)).item() / 4
    assert ours.loss(rows).item() == pytest.approx(expected, rel=1e-3)


def test_a_batch_that_the_teacher_does_not_know_has_the_loss_of_its_task_alone(tmp_path: Path) -> None:
    teacher, _ = taught(tmp_path, ["nothing of these"])
    rows = rows_of("retrieval")
    ours = objective(teacher, task_weight=0.5)
    assert ours.loss(rows).item() == pytest.approx(0.5 * ours._student.loss(rows).item(), rel=1e-5)
    with pytest.raises(InvalidInputError, match="without a text that the teacher knows"):
        objective(teacher).loss(rows)


def test_two_processes_of_which_one_knows_nothing_have_the_loss_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of("retrieval")
    teacher, _ = taught(tmp_path, [rows[0].query, rows[1].positives[0]])
    ours = objective(teacher)
    two = loss_of_two_apart(ours.prepare, (rows[:4], rows[4:]), monkeypatch)
    assert two.item() == pytest.approx(ours.loss(rows).item(), rel=1e-5)


def test_a_bag_of_tokens_learns_from_a_teacher_too(tmp_path: Path) -> None:
    rows = rows_of("retrieval")
    teacher, _ = taught(tmp_path, [text for each in rows for text in (each.query, each.positives[0])], dim=16)
    tokenizer = pico_tokenizer()
    torch.manual_seed(0)
    student = TokenTableObjective(TokenTable(512, 48), tokenizer, EmbedderObjectiveConfig(dims=(48, 16)))
    ours = EmbedderDistilObjective(student, EmbedderDistilConfig(loss="cosine", task_weight=0.1), teacher=teacher)
    optimizer, found = torch.optim.AdamW(ours.module.parameters(), lr=3e-2), []
    for _ in range(20):
        loss = ours.loss(rows)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    assert found[-1] < 0.7 * found[0]


def test_folders_that_hold_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no taught vectors"):
        TaughtVectors.load(tmp_path)
    write_taught(tmp_path, {"a": 3}, unit(2, 4))
    with pytest.raises(DatasetError, match="do not go together"):
        TaughtVectors.load(tmp_path)


def test_the_weight_must_be_above_nothing() -> None:
    with pytest.raises(ConfigError, match="weight"):
        EmbedderDistilConfig(weight=0.0)
