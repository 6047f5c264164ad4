"""Batches made ahead are those that would have been made, and the state is that of what was used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch

from embedrank.core.errors import ConfigError, DatasetError
from embedrank.core.prompts import rerank_template
from embedrank.training.ahead import Ahead
from embedrank.training.loop import StepReport, train
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.reading import ReadRows, read
from embedrank.training.rows import TrainingRow
from embedrank.training.text_counts import TextCounts, summed
from embedrank.training.tokenized import EmbedderReading
from embedrank.training.tokenized_pairs import rerank_prompts
from tests.model.conftest import pico_tokenizer
from tests.training.streams import mixture
from tests.training.test_loop import config, embedder_objective, reranker_objective
from tests.training.test_loop import mixture as loop_mixture


def reading(**changes: Any) -> EmbedderReading:
    settings = {"tokenizer": pico_tokenizer(), "max_query": 12, "max_document": 9, "num_negatives": 2}
    return EmbedderReading(**{**settings, **changes})


def test_batches_and_states_are_those_of_the_stream() -> None:
    plain = mixture()
    with Ahead(mixture(), depth=3) as ahead:
        for _ in range(40):
            assert ahead.next_batch() == plain.next_batch()
            assert ahead.state() == plain.state()


def test_a_stream_goes_on_after_the_last_batch_used() -> None:
    plain, inner = mixture(), mixture()
    with Ahead(inner, depth=4) as ahead:
        for _ in range(7):
            ahead.next_batch()
            plain.next_batch()
        state = json.loads(json.dumps(ahead.state()))
    assert inner.state() == plain.state()
    expected = [plain.next_batch() for _ in range(9)]
    assert [inner.next_batch() for _ in range(9)] == expected
    with Ahead(mixture()) as other:
        other.next_batch()
        other.restore(state)
        assert [other.next_batch() for _ in range(9)] == expected


def test_no_more_is_made_than_was_asked_for() -> None:
    made, enough = list[int](), Event()

    class Counting:
        def next_batch(self) -> list[TrainingRow]:
            made.append(len(made))
            if len(made) == 4:  # two in the queue, one used, one that waits for its place
                enough.set()
            assert len(made) <= 4
            return []

        def state(self) -> dict[str, Any]:
            return {"made": len(made)}

        def restore(self, state: Mapping[str, Any]) -> None:
            del made[state["made"] :]

    with Ahead(Counting(), depth=2) as ahead:
        assert not made
        ahead.next_batch()
        assert enough.wait(10)
        assert ahead.state() == {"made": 1}
    assert len(made) == 1


def test_an_error_in_the_thread_is_raised_where_the_batch_is_asked_for() -> None:
    tiny = Mixture({"tiny": mixture()._rows["tiny"]}, MixtureConfig(batch_size=8)).shard(0, 4)
    with Ahead(tiny) as ahead:
        for _ in range(2):
            with pytest.raises(DatasetError, match="4 processes"):
                ahead.next_batch()
    with pytest.raises(ConfigError, match="depth"):
        Ahead(tiny, depth=0)


def test_rows_read_ahead_are_not_read_again_unless_otherwise() -> None:
    one = reading()
    with Ahead(mixture(), reading=one) as ahead:
        rows = ahead.next_batch()
    assert isinstance(rows, ReadRows)
    assert read(rows, replace(one)) is rows.tokens
    assert read(list(rows), one) == rows.tokens
    other = read(rows, replace(one, max_document=4))
    assert max(map(len, other.positives)) == 4


def test_texts_that_are_cut_are_counted_by_source() -> None:
    rows = [
        TrainingRow(task="code", query="abc", positives=("d" * 8,), negatives=("e" * 9, "f", "g"), source="one"),
        TrainingRow(task="code", query="a" * 11, positives=("d",), source="one"),
        TrainingRow(task="code", query="a" * 12, positives=("d",), source="two"),
    ]
    assert reading()(rows).texts == {
        "one": TextCounts(num_queries=2, num_documents=4, cut_queries=0, cut_documents=1),
        "two": TextCounts(num_queries=1, num_documents=1, cut_queries=1, cut_documents=0),
    }


def test_pairs_that_are_cut_are_counted_by_source() -> None:
    rows = [
        TrainingRow(task="code", query="q", positives=("d",), negatives=("e" * 900, "f"), source="one"),
        TrainingRow(task="code", query="q", positives=("d" * 900,), source="two"),
    ]
    pairs = reranker_objective("two_tokens").reading  # type: ignore[attr-defined]
    batch = replace(pairs, max_length=1000)(rows)
    assert batch.texts == {
        "one": TextCounts(num_queries=1, num_documents=3, cut_documents=1),
        "two": TextCounts(num_queries=1, num_documents=1, cut_documents=1),
    }
    assert (batch.num_documents, batch.targets) == ([3, 1], [1.0, 0.0, 0.0, 1.0])
    assert not any(counts.cut_documents for counts in replace(pairs, max_length=2000)(rows).texts.values())


TASKS = {"embedder": embedder_objective, "reranker": lambda: reranker_objective("two_tokens")}


@pytest.mark.parametrize("task", TASKS)
def test_training_from_batches_made_ahead_resumes_to_the_bit(task: str, tmp_path: Path) -> None:
    whole, broken, resumed = TASKS[task](), TASKS[task](), TASKS[task]()
    plain, used = loop_mixture(), loop_mixture()
    train(whole, plain, config(ahead=0), folder=tmp_path / "whole")
    reports: list[StepReport] = []
    for objective, stop in ((broken, 5), (resumed, None)):
        used = loop_mixture()
        train(objective, used, config(ahead=3), folder=tmp_path / "broken", stop_at=stop, on_step=reports.append)
    for one, other in zip(whole.module.parameters(), resumed.module.parameters(), strict=True):
        assert torch.equal(one, other)
    assert used.state() == plain.state() and used.counts() == plain.counts()
    texts = summed(report.texts for report in reports)
    assert {name: counts.num_queries for name, counts in texts.items()} == {
        name: counts.num_given for name, counts in plain.counts().items()
    }


@pytest.mark.parametrize("task", TASKS)
def test_a_task_takes_rows_that_were_read_ahead_as_it_takes_rows(task: str) -> None:
    objective, rows = TASKS[task](), loop_mixture().next_batch()
    ahead = ReadRows(rows, objective.reading)  # type: ignore[attr-defined]
    assert read(ahead, objective.reading) is ahead.tokens  # type: ignore[attr-defined]
    assert objective.loss(ahead).item() == objective.loss(rows).item()


def test_rerank_prompts_that_are_cut_are_told() -> None:
    tokenizer, template = pico_tokenizer(), rerank_template()
    pairs: list[tuple[str, str, str | None]] = [("q", "d" * size, None) for size in (1, 900, 2)]
    whole = rerank_prompts(pairs, tokenizer, template, max_length=2000)
    cut = rerank_prompts(pairs, tokenizer, template, max_length=1000)
    assert (whole.cut, cut.cut) == ([], [1])
    assert [len(prompt) for prompt in cut.prompts] == [len(whole.prompts[0]), 1000, len(whole.prompts[2])]
