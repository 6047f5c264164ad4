"""Sources are read once, faults stop or are counted, and rows come back by number as they were."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from embedrank.core.errors import DatasetError
from embedrank.training.data.preparing import prepare, rows_by_name
from embedrank.training.data.row_file import RowFile, RowFileWriter
from embedrank.training.data.source import SourceConfig
from embedrank.training.rows import TrainingRow
from tests.training.data.files import ROWS, rows_of, write_beir, write_jsonl


def source(*files: Path, **settings: object) -> SourceConfig:
    return SourceConfig(files=[str(file) for file in files], **settings)  # type: ignore[arg-type]


def test_rows_come_back_by_number_as_they_were(tmp_path: Path) -> None:
    full = TrainingRow(
        task="sts",
        query="q\n\u2028",
        positives=("p", "r"),
        negatives=("n",),
        source="s",
        instruction="i",
        score=0.1,
        lang="de",
    )
    rows = [*rows_of(write_jsonl(tmp_path / "a.jsonl", ROWS)), full]
    with RowFileWriter(tmp_path / "x") as writer:
        for row in rows:
            writer.add(row)
        digest = writer.close()
    file = RowFile(tmp_path / "x", digest=digest)
    assert [file[index] for index in (5, 0, 3)] == [rows[5], rows[0], rows[3]]
    assert len(file) == 6
    for outside in (-1, 6):
        with pytest.raises(IndexError):
            file[outside]


def test_a_row_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    prepared = prepare({"a": source(write_jsonl(tmp_path / "a.jsonl", ROWS))}, tmp_path / "kept")
    assert len(prepared["a"].rows["a"]) == 5
    (file,) = (tmp_path / "kept").rglob("*.rows")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DatasetError, match="delete the folder"):
        prepare({"a": source(tmp_path / "a.jsonl")}, tmp_path / "kept")


def test_a_source_is_read_again_only_when_it_or_its_settings_change(tmp_path: Path) -> None:
    path, told = write_jsonl(tmp_path / "a.jsonl", ROWS), list[tuple[str, int]]()

    def digest(**settings: object) -> str:
        prepared = prepare(
            {"a": source(path, **settings)}, tmp_path / "kept", tell=lambda name, count: told.append((name, count))
        )
        return prepared["a"].rows["a"].digest

    first = digest()
    assert digest() == first
    assert told == [("a", 5)]
    digest(on_malformed="skip")
    os.utime(path, ns=(0, path.stat().st_mtime_ns))
    assert len(told) == 2
    write_jsonl(path, [*ROWS[:4], {**ROWS[4], "query": "Q4"}])
    assert digest() != first
    assert len(told) == 3
    assert not list((tmp_path / "kept").glob("*.partial"))


def test_of_two_that_read_a_source_at_once_the_first_to_finish_wins(tmp_path: Path) -> None:
    sources, inner = {"a": source(write_jsonl(tmp_path / "a.jsonl", ROWS))}, list[str]()

    def tell(name: str, count: int) -> None:
        inner.append(prepare(sources, tmp_path / "kept")["a"].rows["a"].digest)

    outer = prepare(sources, tmp_path / "kept", tell=tell)["a"].rows["a"]
    assert (outer.digest, len(outer)) == (inner[0], 5)
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_malformed_row_stops_with_file_and_line(tmp_path: Path) -> None:
    good, bad = write_jsonl(tmp_path / "a.jsonl", ROWS), tmp_path / "b.jsonl"
    bad.write_text(json.dumps(ROWS[0]) + "\n{\n")
    with pytest.raises(DatasetError, match=r"b\.jsonl line 2: is not JSON"):
        prepare({"s": source(good, bad)}, tmp_path / "kept")
    assert not list((tmp_path / "kept").iterdir())


def test_skipped_rows_are_counted_by_reason_with_an_example(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [json.dumps(ROWS[0]), "{", json.dumps({**ROWS[1], "query": ""}), "[", json.dumps({**ROWS[1], "x": 1})]
    path.write_text("\n".join(lines))
    prepared = prepare({"s": source(path, on_malformed="skip")}, tmp_path / "kept")["s"]
    assert len(prepared.rows["s"]) == 1
    assert prepared.num_left_out == {"not JSON": 2, "no query": 1, "unknown fields": 1}
    assert "a.jsonl line 2: " in prepared.examples["not JSON"]
    again = prepare({"s": source(path, on_malformed="skip")}, tmp_path / "kept")["s"]
    assert again.num_left_out == prepared.num_left_out


def test_queries_without_answer_are_counted_and_are_no_fault(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "set", {"q0": {"d0": 0}, "q1": {"d1": 1}})
    prepared = prepare({"s": source(folder)}, tmp_path / "kept")["s"]
    assert prepared.num_left_out == {"no relevant document": 1}


def test_several_tasks_or_sources_in_one_file_are_kept_apart(tmp_path: Path) -> None:
    mixed = [{**row, "task": task, "source": name} for row, task, name in zip(ROWS, "rrsrs", "ababb", strict=True)]
    for row in mixed:
        row["task"] = {"r": "retrieval", "s": "sts"}[row["task"]]
    path = write_jsonl(tmp_path / "a.jsonl", mixed)
    by_task = rows_by_name(prepare({"x": source(path)}, tmp_path / "kept"))
    assert {name: len(rows) for name, rows in by_task.items()} == {"x.retrieval": 3, "x.sts": 2}
    by_source = rows_by_name(prepare({"x": source(path, split_by_source=True)}, tmp_path / "kept"))
    assert {name: len(rows) for name, rows in by_source.items()} == {
        "a.retrieval": 1,
        "b.retrieval": 2,
        "a.sts": 1,
        "b.sts": 1,
    }


def test_names_that_meet_and_sources_without_rows_are_refused(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{**ROWS[0], "source": "b"}])
    sources = {"x": source(path, split_by_source=True), "b": source(path)}
    with pytest.raises(DatasetError, match="'b' come from another source"):
        rows_by_name(prepare(sources, tmp_path / "kept"))
    with pytest.raises(DatasetError, match="holds no row"):
        prepare({"empty": source(write_jsonl(tmp_path / "e.jsonl", []))}, tmp_path / "kept")


def test_rows_without_a_source_get_its_name(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"question": "q", "answer": "p"}])
    assert prepare({"faq": source(path)}, tmp_path / "kept")["faq"].rows["faq"][0].source == "faq"
