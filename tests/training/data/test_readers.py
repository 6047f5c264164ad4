"""The same rows come out of every format; what is missing in a folder is told."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embedrank.core.errors import ConfigError, DatasetError
from embedrank.training.data.readers.hugging_face import records_of
from embedrank.training.data.reading import READERS, format_of, read_source
from embedrank.training.data.record import Malformed, Record
from embedrank.training.data.source import FORMATS, SourceConfig
from embedrank.training.rows import TrainingRow
from tests.training.data.files import ROWS, rows_of, write_beir, write_jsonl

EXPECTED = [
    TrainingRow(**{**row, "positives": tuple(row["positives"]), "negatives": tuple(row["negatives"])}) for row in ROWS
]


def test_every_format_has_a_reader() -> None:
    assert tuple(READERS) == FORMATS


def test_jsonl_gzip_parquet_and_datasets_hold_the_same_rows(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    plain = write_jsonl(tmp_path / "a.jsonl", ROWS)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet", row_group_size=2)
    dataset = datasets.Dataset.from_list(ROWS)
    dataset.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": dataset, "test": dataset.select([0])}).save_to_disk(tmp_path / "several")
    for name in ("a.jsonl", "a.jsonl.gz", "a.parquet", "one", "several"):
        assert rows_of(tmp_path / name) == EXPECTED, name
    assert [row for _, row in read_source(SourceConfig(dataset=dataset))] == EXPECTED
    assert rows_of(tmp_path / "several", split="test") == EXPECTED[:1]
    streamed = records_of(dataset.to_iterable_dataset(), "hub", SourceConfig(files=["x"], ignore=["source"]))
    assert [record.fields["query"] for record in streamed if isinstance(record, Record)] == [f"q{n}" for n in range(5)]
    with pytest.raises(ConfigError, match="one split"):
        SourceConfig(dataset=datasets.DatasetDict({"train": dataset}))
    with pytest.raises(DatasetError, match="no split 'dev'; there are test, train"):
        rows_of(tmp_path / "several", split="dev")


def test_several_files_and_patterns_are_read_one_after_another(tmp_path: Path) -> None:
    for number, row in enumerate(ROWS):
        write_jsonl(tmp_path / f"part-{number}.jsonl", [row])
    assert rows_of(tmp_path / "part-*.jsonl") == EXPECTED
    assert rows_of(tmp_path / "part-1.jsonl", tmp_path / "part-0.jsonl") == [EXPECTED[1], EXPECTED[0]]
    with pytest.raises(DatasetError, match="no file fits"):
        rows_of(tmp_path / "none-*.jsonl")


def test_a_beir_folder_gives_a_row_for_each_judged_query(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "set", {"q1": {"d1": 1, "d0": 2, "d3": 0}, "q0": {"d2": 1, "d4": -1}})
    first, second = rows_of(folder)
    assert (first.query, first.positives, first.negatives) == ("query 0", ("text 2",), ())
    assert (second.query, second.positives, second.task) == ("query 1", ("T\ntext 1", "text 0"), "retrieval")
    assert [row.negatives for row in rows_of(folder, judged_negatives=True)] == [("text 4",), ("T\ntext 3",)]


def test_instruction_and_language_of_a_beir_query_are_those_of_the_row(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "set", {"q0": {"d0": 1}})
    write_jsonl(folder / "queries.jsonl", [{"_id": "q0", "text": "q", "instruction": "i", "lang": "de", "group": 3}])
    (row,) = rows_of(folder, task="code")
    assert (row.task, row.instruction, row.lang) == ("code", "i", "de")


def test_what_a_beir_folder_lacks_is_told_and_a_query_without_answer_is_no_fault(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "set", {"q0": {"d1": 1, "gone": 1}, "q1": {"d1": 1, "d2": 2}, "q9": {"d1": 1}})
    found = [row for _, row in read_source(SourceConfig(files=[str(folder)], min_grade=2))]
    kinds = [(row.reason, row.is_fault) if isinstance(row, Malformed) else row.positives for row in found]
    assert kinds == [("no relevant document", False), ("text 2",), ("unknown query", True)]
    found = [row for _, row in read_source(SourceConfig(files=[str(folder)]))]
    fault, row = found[:2]
    assert isinstance(fault, Malformed) and fault.problem.startswith("document 'gone'")
    assert isinstance(row, TrainingRow) and row.positives == ("T\ntext 1",)


def test_a_hub_that_cannot_be_reached_is_a_dataset_error() -> None:
    pytest.importorskip("datasets")
    with pytest.raises(DatasetError, match="owner/name: cannot be had from the hub"):
        list(read_source(SourceConfig(files=["owner/name"], format="hub")))


def test_what_cannot_be_told_or_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"no parquet")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"query": "cut"}')[:-6])
    (tmp_path / "a.csv").write_text("a,b\n")
    for name, problem in {
        "a.parquet": "cannot be read as parquet",
        "a.jsonl.gz": "cannot be read",
        "a.csv": "no known format",
        "owner/name": "no such file",
        "": "neither a BEIR folder nor a dataset",
    }.items():
        with pytest.raises(DatasetError, match=problem):
            rows_of(tmp_path / name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"files": "a.jsonl"},
        {"files": ()},
        {"format": "csv"},
        {"task": "chat"},
        {"on_malformed": "ignore"},
        {"columns": {"quary": "a"}},
        {"columns": {"query": "a"}},
        {"min_grade": 0},
    ],
)
def test_unsound_sources_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        SourceConfig(**{"files": ["a.jsonl"], **wrong})


def test_the_format_can_be_named_where_the_suffix_tells_nothing(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "rows.txt", ROWS)
    assert rows_of(path, format="jsonl") == EXPECTED
    assert format_of("rows.ndjson.gz", SourceConfig(files=["x"])) == "jsonl"
