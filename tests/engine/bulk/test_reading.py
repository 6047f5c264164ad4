import gzip
import json
import os
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embedrank.core.errors import InvalidInputError
from embedrank.engine.bulk.input_text import Fields
from embedrank.engine.bulk.source import TextSource
from tests.engine.bulk.running import bulk

ROWS = [{"_id": f"d{i}", "title": f"T{i}", "text": f"body {i}"} for i in range(10)]


def rows_of(*paths, skip=0, **how):
    return [(row.id, row.text) for row in TextSource(paths, **how).rows(skip)]


@pytest.fixture
def forms(tmp_path):
    """The same rows as JSON lines, gzipped ones, and a table in small row groups."""
    lines = "\n\n".join(json.dumps(row) for row in ROWS)
    (tmp_path / "a.jsonl").write_text(lines)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet", row_group_size=3)
    return [tmp_path / name for name in ("a.jsonl", "a.jsonl.gz", "a.parquet")]


def test_all_forms_give_the_same_rows(forms):
    expected = [(f"d{i}", f"T{i}\nbody {i}") for i in range(10)]
    assert [rows_of(path) for path in forms] == [expected] * 3


@pytest.mark.parametrize("skip", [0, 1, 3, 4, 9, 10, 14, 25, 30])
def test_skipping_gives_the_rest_of_the_whole(forms, tmp_path, skip):
    plain = tmp_path / "plain.txt"
    plain.write_text("one\n \ntwo\r\nthree")
    paths = [*forms, plain]
    assert rows_of(*paths, skip=skip) == rows_of(*paths)[skip:]


def test_rows_without_a_name_are_numbered_over_all_files_and_blank_lines_are_counted(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("one\n\ntwo\n")
    source = TextSource([tmp_path / "a.txt", tmp_path / "b.txt"])
    assert [row.id for row in source.rows()] == ["1", "2", "3", "4"]
    assert (source.num_rows, source.num_blank) == (4, 2)


def test_fields_can_be_named(tmp_path):
    row = {"body": "words", "key": 7, "text": "other", "head": "H"}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.parquet"):
        assert rows_of(tmp_path / name) == [("1", "other")]
        assert rows_of(tmp_path / name, fields=Fields.named("body", "key", "head")) == [("7", "H\nwords")]


def test_the_total_of_tables_is_exact_and_that_of_lines_is_estimated(forms, tmp_path):
    assert TextSource([forms[2]] * 2).total() == 20
    path = tmp_path / "long.txt"
    path.write_text("".join(f"line number {i:06}\n" for i in range(20000)))
    source = TextSource([path])
    rows = source.rows()
    for _ in range(5000):
        next(rows)
    assert abs(source.total() - 20000) < 2000
    assert len(list(rows)) == 15000 and source.total() == 20000


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.jsonl", b'{"text": "x"}\n\n{"text": 3}\n', "a.jsonl line 3: has no text"),
        ("a.jsonl", b'{"text": "x"}\n[1]\n', "a.jsonl line 2: has no text"),
        ("a.jsonl", b'{"text": "\\ud800"}\n', "a.jsonl line 1: holds half a character"),
        ("a.jsonl", b'{"text": "x", "id": "\\ud800"}\n', "a.jsonl line 1: holds half a character"),
        ("a.txt.gz", b"no gzip", "cannot be read"),
        ("a.txt.gz", gzip.compress(b"words\n" * 99)[:-9], "cannot be read"),
        ("a.parquet", b"no table", "cannot be read as parquet"),
    ],
)
def test_bad_input_is_told_with_its_place(tmp_path, name, content, problem):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=problem):
        rows_of(tmp_path / name)


def test_a_table_without_a_text_tells_its_columns_and_a_row_without_one_its_number(tmp_path):
    pq.write_table(pa.table({"words": ["a", None]}), tmp_path / "a.parquet")
    with pytest.raises(InvalidInputError, match=r"no column text or query or content, but words .*--text-field"):
        rows_of(tmp_path / "a.parquet")
    with pytest.raises(InvalidInputError, match=r"a\.parquet row 2: its text is missing"):
        rows_of(tmp_path / "a.parquet", fields=Fields.named("words", None, None))


def test_a_pipe_is_read_like_stdin(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    source = TextSource([tmp_path / "pipe"])
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("one\ntwo\n",))
    writer.start()
    report = bulk(None, tmp_path / "v.npy", source=source)
    writer.join()
    assert report.progress.num_rows == 2 and source.total() is None
