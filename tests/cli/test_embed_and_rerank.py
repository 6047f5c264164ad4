import io
import json

import numpy as np
import pytest

from embedrank.cli.wiring import Wiring
from tests.cli.command_line import assert_one_error_line, fake_wiring, listening_wiring, no_models, say
from tests.search.fakes import BagEncoder, OverlapReranker


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("brown bear\n\nblue whale\n")
    return path


def test_embed_writes_jsonl_to_stdout(capsys, lines):
    said = say(capsys, "embed", lines)
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["id"] for row in rows] == ["1", "2"]
    np.testing.assert_allclose(
        [row["embedding"] for row in rows], BagEncoder().encode_documents(["brown bear", "blue whale"]), atol=1e-6
    )
    assert "1 blank lines left out" in said.err


def test_embed_reads_stdin(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("one\ntwo\nthree"))
    assert len(say(capsys, "embed").out.splitlines()) == 3


def test_npy_parquet_and_jsonl_hold_the_same_vectors(capsys, lines, tmp_path):
    import pyarrow.parquet as pq

    for suffix in ("npy", "parquet", "jsonl"):
        said = say(capsys, "embed", lines, "--out", tmp_path / f"v.{suffix}", "--dim", 64)
        assert said.code == 0 and said.out == "" and "2 vectors of 64 dimensions" in said.err
    matrix = np.load(tmp_path / "v.npy")
    assert matrix.shape == (2, 64) and matrix.dtype == np.float32
    table = pq.read_table(tmp_path / "v.parquet").to_pydict()
    np.testing.assert_array_equal(np.asarray(table["embedding"], dtype=np.float32), matrix)
    assert table["id"] == ["1", "2"]
    rows = [json.loads(line) for line in (tmp_path / "v.jsonl").read_text().splitlines()]
    np.testing.assert_allclose([row["embedding"] for row in rows], matrix, atol=1e-6)


def test_json_rows_keep_their_id_and_their_title(capsys, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"_id": "a", "title": "Bears", "text": "They eat."}\n{"id": 7, "text": "x"}\n"bare"\n')
    rows = [json.loads(line) for line in say(capsys, "embed", path).out.splitlines()]
    assert [row["id"] for row in rows] == ["a", "7", "3"]
    np.testing.assert_allclose(rows[0]["embedding"], BagEncoder().encode_documents(["Bears\nThey eat."])[0], atol=1e-6)


def test_truncated_texts_are_reported(capsys, tmp_path):
    encoder = BagEncoder()
    encoder.max_length = 4
    path = tmp_path / "long.txt"
    path.write_text("short\n" + "many words " * 20 + "\n")
    said = say(capsys, "embed", path, wiring=fake_wiring(encoder))
    assert "truncated 1 of 2 texts: 2 (40 tokens, 4 read)" in said.err
    assert json.loads(said.out.splitlines()[1])["truncated_from"] == 40


def test_queries_take_an_instruction_and_documents_do_not(capsys, lines):
    encoder = BagEncoder()
    assert say(capsys, "embed", lines, "--query", "--instruction", "Find", wiring=fake_wiring(encoder)).code == 0
    assert encoder.batches == [(["brown bear", "blue whale"], "Find")]
    assert_one_error_line(say(capsys, "embed", lines, "--instruction", "Find"), "add --query")


def test_rerank_orders_documents(capsys, lines):
    said = say(capsys, "rerank", "the blue whale", lines)
    assert said.out.index("blue whale") < said.out.index("brown bear")
    rows = [json.loads(row) for row in say(capsys, "rerank", "blue whale", lines, "--json").out.splitlines()]
    assert [(row["rank"], row["id"]) for row in rows] == [(1, "2"), (2, "1")]
    assert rows[0]["score"] == pytest.approx(1 / (1 + np.exp(-rows[0]["logit"])))
    assert len(say(capsys, "rerank", "blue whale", lines, "--json", "--top", 1).out.splitlines()) == 1


def test_documents_that_the_reranker_cut_are_reported(capsys, tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("short\n" + "many words " * 20 + "\n")
    said = say(capsys, "rerank", "words", path, wiring=fake_wiring(reranker=OverlapReranker(max_length=4)))
    assert said.code == 0 and "truncated 1 of 2 texts: 2 (40 tokens, 4 read)" in said.err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["embed", "NOWHERE"], "no such file"),
        (["embed", "BINARY"], "binary"),
        (["embed", "LATIN"], "is not UTF-8"),
        (["embed", "EMPTY"], "holds no text"),
        (["embed", "BROKEN"], "broken.jsonl line 1: is not JSON"),
        (["embed", "FOLDER"], "cannot be read"),
        (["embed", "LINES", "--out", "x.csv"], "unknown format '.csv'"),
        (["embed", "LINES", "--out", "/no/where/x.npy"], "no such folder"),
        (["rerank", "", "LINES"], "query: is empty"),
        (["rerank", "bear", "EMPTY"], "holds no document"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(capsys, lines, tmp_path, arguments, part):
    (tmp_path / "binary.txt").write_bytes(b"a\0b\n")
    (tmp_path / "latin.txt").write_bytes("größe\n".encode("latin-1"))
    (tmp_path / "empty.txt").write_text("\n \n")
    (tmp_path / "broken.jsonl").write_text("{nope\n")
    named = {
        "NOWHERE": tmp_path / "nowhere",
        "BINARY": tmp_path / "binary.txt",
        "LATIN": tmp_path / "latin.txt",
        "EMPTY": tmp_path / "empty.txt",
        "BROKEN": tmp_path / "broken.jsonl",
        "FOLDER": tmp_path,
        "LINES": lines,
    }
    assert_one_error_line(say(capsys, *[named.get(word, word) for word in arguments], wiring=no_models()), part)


def test_models_are_loaded_in_the_precision_and_on_the_device_asked_for(capsys, lines):
    heard = []
    say(capsys, "embed", lines, "--dtype", "int8", wiring=listening_wiring(heard))
    say(capsys, "rerank", "bear", lines, "--dtype", "bf16", "--device", "cpu", wiring=listening_wiring(heard))
    assert heard == [("nano", {"dtype": "int8"}), ("nano", {"dtype": "bf16", "device": "cpu"})]


def test_an_unknown_precision_is_refused(capsys, lines):
    assert_one_error_line(say(capsys, "embed", lines, "--dtype", "int3", wiring=Wiring()), "'int3' is not one of")
