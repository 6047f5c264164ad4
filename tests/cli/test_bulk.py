"""The options of `embedrank embed` for large inputs, and what it tells."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embedrank.cli.bulk_bar import Rates
from embedrank.engine.bulk.run import Told
from tests.cli.command_line import assert_one_error_line, fake_wiring, no_models, process, say
from tests.search.fakes import BagEncoder


def test_tables_and_gzipped_lines_are_read_with_named_fields(capsys, tmp_path):
    rows = [{"key": "a", "body": "brown bear"}, {"key": "b", "body": "blue whale"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    fields = ("--text-field", "body", "--id-field", "key")
    said = say(capsys, "embed", tmp_path / "a.parquet", tmp_path / "b.jsonl.gz", *fields)
    assert [json.loads(line)["id"] for line in said.out.splitlines()] == ["a", "b", "a", "b"]
    assert "4 texts, 2 distinct computed" in said.err


def test_a_lance_dataset_of_half_precision_is_written(capsys, tmp_path):
    import lancedb

    (tmp_path / "texts.txt").write_text("brown bear\nblue whale\nbrown bear\n")
    said = say(capsys, "embed", tmp_path / "texts.txt", "-o", tmp_path / "v.lance", "--store-dtype", "float16")
    assert said.code == 0 and "3 vectors of 256 dimensions" in said.err
    assert lancedb.connect(tmp_path).open_table("v").to_arrow()["id"].to_pylist() == ["1", "2", "3"]


def test_a_run_that_was_broken_off_goes_on_and_other_settings_are_refused(capsys, tmp_path):
    path, out = tmp_path / "texts.txt", tmp_path / "v.npy"
    path.write_text("\n".join(f"text {i}" for i in range(9)))

    class Breaking(BagEncoder):
        def encode_documents_reported(self, texts, *, dim=None):
            if "text 6" in texts:
                raise KeyboardInterrupt
            return super().encode_documents_reported(texts, dim=dim)

    command = ("embed", path, "-o", out, "--chunk", 3)
    assert say(capsys, *command, wiring=fake_wiring(Breaking())).code == 130
    assert_one_error_line(say(capsys, *command, "--dim", 64, wiring=no_models()), "dim was not given, is 64")
    said = say(capsys, *command)
    assert said.code == 0 and "went on after 6 rows of an earlier run" in said.err
    texts = [f"text {i}" for i in range(9)]
    np.testing.assert_array_equal(np.load(out), BagEncoder().encode_documents(texts))


def test_two_processes_on_named_devices_give_the_same_rows_as_one(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(f"text number {i}" for i in range(40)))
    shared = ("embed", path, "--chunk", 8, "--out")
    for name, more in (("one", ()), ("two", ("--devices", "cpu,cpu"))):
        done = process(*shared, tmp_path / f"{name}.npy", *more)
        assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "one.npy"), np.load(tmp_path / "two.npy"), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--devices", "cpu,"], "names no device"),
        (["--devices", "cpu,cpu", "--workers", "1"], "idle"),
        (["--store-dtype", "int8"], "float32 or float16"),
    ],
)
def test_options_that_make_no_sense_are_refused(capsys, tmp_path, options, part):
    (tmp_path / "texts.txt").write_text("one\n")
    assert_one_error_line(say(capsys, "embed", tmp_path / "texts.txt", *options, wiring=no_models()), part)


def test_the_bar_tells_rates_of_the_latest_reports_and_the_time_left():
    rates = Rates()
    told = [Told(num_rows=rows, total=5000, num_tokens=rows * 10) for rows in (1000, 2000, 3000)]
    assert rates.words(told[0], 0.0) == "1,000 of 5,000 texts"  # rows of an earlier run are no rate
    rates.words(told[1], 10.0)
    assert rates.words(told[2], 20.0) == "3,000 of 5,000 texts, 100 texts/s, 1,000 tokens/s, 0:00:20 left"
    guessed = Told(num_rows=3000, total=4999, is_exact=False, num_tokens=30000)
    assert rates.words(guessed, 20.0).startswith("3,000 of about 4,999 texts, ")
    unknown = Told(num_rows=4000, total=None, num_tokens=40000)
    assert rates.words(unknown, 30.0) == "4,000 texts, 100 texts/s, 1,000 tokens/s"
    assert rates.words(Told(is_writing=True, num_rows=1, total=2, num_tokens=0), 31.0) == "1 of 2 texts"
