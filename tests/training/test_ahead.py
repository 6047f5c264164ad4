"""Batches made ahead are those that would have been made, and the state is that of what was used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch

from embedrank.core.errors import ConfigError, DatasetError
from embedrank.core.prompts import rerank_template
from embedrank.training.ahead import Ahead
from embedrank.training.loop import train
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.rows import TrainingRow
from embedrank.training.tokenized import EmbedderReading, ReadRows, TextCounts, rerank_prompts, tokenize_for_embedder
from tests.model.conftest import pico_tokenizer
from tests.training.streams import mixture
from tests.training.test_loop import config, embedder_objective
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
    settings = {"max_query": 12, "max_document": 9, "num_negatives": 2}
    assert tokenize_for_embedder(rows, one.tokenizer, **settings) is rows.tokens  # type: ignore[arg-type]
    assert tokenize_for_embedder(list(rows), one.tokenizer, **settings) == rows.tokens  # type: ignore[arg-type]
    other = tokenize_for_embedder(rows, one.tokenizer, **{**settings, "max_document": 4})  # type: ignore[arg-type]
    assert max(map(len, other.positives)) == 4


def test_texts_that_are_cut_are_counted_by_source() -> None:
    rows = [
        TrainingRow(task="code", query="abc", positives=("d" * 8,), negatives=("e" * 9, "f", "g"), source="one"),
        TrainingRow(task="code", query="a" * 11, positives=("d",), source="one"),
        TrainingRow(task="code", query="a" * 12, positives=("d",), source="two"),
    ]
    assert reading()(rows).counts == {
        "one": TextCounts(num_queries=2, num_documents=4, cut_queries=0, cut_documents=1),
        "two": TextCounts(num_queries=1, num_documents=1, cut_queries=1, cut_documents=0),
    }
    long = mixture(distinct=False)
    with Ahead(long, reading=reading()) as ahead:
        used = [row for _ in range(20) for row in ahead.next_batch()]
        counts = ahead.counts
    assert sum(count.num_queries for count in counts.values()) == len(used)
    assert sum(count.num_documents for count in counts.values()) == 3 * len(used)
    for name in counts:
        assert counts[name].cut_documents == sum(
            len(text) > 8 for row in used if row.source == name for text in (row.positives[0], *row.negatives[:2])
        )


def test_training_from_batches_made_ahead_resumes_to_the_bit(tmp_path: Path) -> None:
    whole, broken, resumed = embedder_objective(), embedder_objective(), embedder_objective()
    train(whole, loop_mixture(), config(), folder=tmp_path / "whole")
    settings = {"max_query": 64, "max_document": 192, "num_negatives": 1}
    for objective, stop in ((broken, 5), (resumed, None)):
        with Ahead(loop_mixture(), reading=reading(**settings)) as ahead:
            train(objective, ahead, config(), folder=tmp_path / "broken", stop_at=stop)  # type: ignore[arg-type]
    for one, other in zip(whole.module.parameters(), resumed.module.parameters(), strict=True):
        assert torch.equal(one, other)


def test_rerank_prompts_that_are_cut_are_told() -> None:
    tokenizer, template = pico_tokenizer(), rerank_template()
    pairs: list[tuple[str, str, str | None]] = [("q", "d" * size, None) for size in (1, 900, 2)]
    whole = rerank_prompts(pairs, tokenizer, template, max_length=2000)
    cut = rerank_prompts(pairs, tokenizer, template, max_length=1000)
    assert (whole.cut, cut.cut) == ([], [1])
    assert [len(prompt) for prompt in cut.prompts] == [len(whole.prompts[0]), 1000, len(whole.prompts[2])]
