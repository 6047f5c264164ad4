"""Rows are checked line by line; batches are homogeneous, complete and repeatable; settings refuse unknown keys."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedrank.core.errors import ConfigError, DatasetError, InvalidInputError
from embedrank.core.settings import build, read_yaml
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.rows import TrainingRow, read_rows

GOOD = {"task": "retrieval", "query": "q", "positives": ["p"], "negatives": [], "source": "s"}


def test_rows_are_read_from_plain_and_gzipped_files(tmp_path: Path) -> None:
    text = json.dumps(GOOD) + "\n\n" + json.dumps({**GOOD, "query": "梵文"}) + "\n"
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    assert [row.query for row in read_rows(tmp_path / "a.jsonl")] == ["q", "梵文"]
    assert list(read_rows(tmp_path / "a.jsonl")) == list(read_rows(tmp_path / "a.jsonl.gz"))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        (json.dumps({**GOOD, "extra": 1}), "unknown fields"),
        (json.dumps({**GOOD, "task": "chat"}), "task 'chat'"),
        (json.dumps({**GOOD, "query": " "}), "query"),
        (json.dumps({**GOOD, "positives": []}), "positives"),
        (json.dumps({**GOOD, "positives": "p"}), "positives"),
        (json.dumps({**GOOD, "negatives": [1]}), "negatives"),
    ],
)
def test_a_malformed_row_is_named_by_its_line(line: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(GOOD) + "\n" + line + "\n")
    with pytest.raises(DatasetError, match=rf"line 2.*{problem}"):
        list(read_rows(tmp_path / "a.jsonl"))


def test_a_missing_or_binary_file_is_a_dataset_error(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe\x00")
    for name in ("none.jsonl", "b.jsonl"):
        with pytest.raises(DatasetError, match=name):
            list(read_rows(tmp_path / name))


def rows(source: str, count: int) -> list[TrainingRow]:
    return [TrainingRow(task="code", query=f"{source}{n}", positives=("p",), source=source) for n in range(count)]


def mixture(seed: int = 0) -> Mixture:
    return Mixture({"big": rows("big", 40), "small": rows("small", 3)}, MixtureConfig(batch_size=5, seed=seed))


def test_each_batch_comes_from_one_source_and_an_epoch_repeats_nothing() -> None:
    mix, seen = mixture(), []
    for _ in range(60):
        batch = mix.next_batch()
        assert len({row.source for row in batch}) == 1
        if batch[0].source == "big" and len(seen) < 40:
            seen += [row.query for row in batch]
    assert sorted(seen) == sorted(row.query for row in rows("big", 40))


def test_restored_counters_give_the_same_batches_again() -> None:
    one, other = mixture(), mixture()
    for _ in range(7):
        one.next_batch()
    other.restore(json.loads(json.dumps(one.state())))
    assert [one.next_batch() for _ in range(5)] == [other.next_batch() for _ in range(5)]
    assert [mixture(1).next_batch() for _ in range(3)] != [mixture(2).next_batch() for _ in range(3)]


def test_smaller_sources_are_drawn_less_but_more_than_their_size() -> None:
    assert 3 / 43 < mixture().shares["small"] < 0.5


def test_unknown_sources_are_refused() -> None:
    with pytest.raises(ConfigError, match="weights"):
        Mixture({"a": rows("a", 3)}, MixtureConfig(batch_size=2, weights={"b": 2.0}))
    with pytest.raises(ConfigError, match="sources"):
        mixture().restore({"step": 0, "drawn": {"other": 1}})
    with pytest.raises(DatasetError, match="no source"):
        Mixture({"a": []}, MixtureConfig(batch_size=2))


def test_an_optional_part_is_filled_like_any_other_and_mappings_of_parts_stay() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Whole:
        part: MixtureConfig | None = None
        parts: Mapping[str, MixtureConfig] | None = None

    assert build(Whole, {"part": {"batch_size": 3}}).part == MixtureConfig(batch_size=3)
    assert build(Whole, {"part": None}).part is None
    named = {"a": MixtureConfig(batch_size=3)}
    assert build(Whole, {"parts": named}).parts == named


def test_settings_fill_nested_dataclasses_and_refuse_unknown_keys(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("dims: [48, 32]\nloss: {temperature: 0.1, terms: [qd]}\n")
    built = build(EmbedderObjectiveConfig, read_yaml(tmp_path / "a.yaml"))
    assert (built.dims, built.loss.temperature, built.loss.terms) == ((48, 32), 0.1, ("qd",))
    with pytest.raises(ConfigError, match=r"InfoNCEConfig\.temprature"):
        build(EmbedderObjectiveConfig, {"dims": [48], "loss": {"temprature": 0.1}})
    with pytest.raises(ConfigError):
        build(EmbedderObjectiveConfig, {})
    (tmp_path / "b.yaml").write_text("- just\n- a list\n")
    with pytest.raises(InvalidInputError, match="mapping"):
        read_yaml(tmp_path / "b.yaml")
