"""`embedrank mine` mines, tells, resumes; what it refuses is one line."""

from __future__ import annotations

import gzip
import json

import pytest

from embedrank.cli.wiring import Wiring
from tests.cli.command_line import assert_one_error_line, fake_wiring, no_models, say
from tests.model.conftest import pico_decoder, pico_tokenizer
from tests.search.fakes import BagEncoder

ANIMALS = ("bear", "whale", "fox", "owl", "newt", "moth")
LOOSE = ("--skip", 0, "--max-score", 1, "--max-share", 1)


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def rows(tmp_path):
    """One row an animal; documents share a word, so that each finds all."""
    lines = [
        {"task": "retrieval", "query": f"the {name}", "positives": [f"the {name} lives here"], "source": "zoo"}
        for name in ANIMALS
    ]
    return write_lines(tmp_path / "rows.jsonl", lines)


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_come_back_with_negatives_and_a_report(capsys, tmp_path, rows):
    out = tmp_path / "mined.jsonl"
    said = say(capsys, "mine", rows, "--to", out, "-n", 2, *LOOSE, "--json")
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert report == json.loads((tmp_path / "mined.jsonl.report.json").read_text())
    assert report["rows"]["kept"] == report["num_rows"] == 6
    assert report["settings"]["num_negatives"] == 2
    mined = read(out)
    assert [row["query"] for row in mined] == [row["query"] for row in read(rows)]
    assert all(len(row["negatives"]) == 2 and row["positives"][0] not in row["negatives"] for row in mined)
    assert not (tmp_path / "mined.jsonl.partial").exists()


def test_real_models_mine_and_veto(capsys, tmp_path, rows):
    import torch

    from embedrank.model.checkpoint import save_embedder, save_reranker
    from embedrank.model.prompting import PromptPolicy

    embedder, reranker = tmp_path / "embedder", tmp_path / "reranker"
    save_embedder(
        embedder, pico_decoder(), pico_tokenizer(), prompts=PromptPolicy(), max_length=512, dtype=torch.float32
    )
    save_reranker(reranker, pico_decoder(), pico_tokenizer(), dtype=torch.float32)
    shared = ("mine", rows, "-o", tmp_path / "m.jsonl", "-m", embedder, *LOOSE, "--min-negatives", 0, "--json")
    free = json.loads(say(capsys, *shared, wiring=Wiring()).out)
    assert free["rows"]["kept"] == 6
    bound = ("--reranker", reranker, "--max-relevance")
    assert json.loads(say(capsys, *shared, *bound, 1, wiring=Wiring()).out)["documents"] == free["documents"]
    vetoed = json.loads(say(capsys, *shared, *bound, 0, wiring=Wiring()).out)
    assert vetoed["documents"]["called relevant by the reranker"] == free["num_negatives_mined"] > 0


def test_people_are_told_what_was_dropped_and_why(capsys, tmp_path, rows):
    corpus = write_lines(tmp_path / "corpus.jsonl", [{"_id": "1", "text": "the bear lives here"}, {"text": "the sea"}])
    said = say(capsys, "mine", rows, "--corpus", corpus, "--to", tmp_path / "m.jsonl", *LOOSE)
    assert said.code == 0, said.err
    assert "1 of 6 rows" in said.out and "5  positive not in the corpus" in said.out
    assert read(tmp_path / "m.jsonl")[0]["negatives"] == ["the sea"]


def test_a_reranker_vetoes_and_two_encoders_are_noted(capsys, tmp_path, rows):
    out = tmp_path / "m.jsonl"
    words = ("mine", rows, "-o", out, "-m", "a", "-m", "b", "--reranker", "r", "--max-relevance", 0.4, *LOOSE, "--json")
    said = say(capsys, *words, "--min-negatives", 0)
    report = json.loads(said.out)
    assert report["documents"]["called relevant by the reranker"] == 30  # each holds half of the query's words
    assert set(report["kept_by_encoder"]) == {"a", "b"}
    assert report["documents"]["found by an earlier encoder too"] == 30


def test_yaml_sets_what_options_do_not(capsys, tmp_path, rows):
    config = tmp_path / "mine.yaml"
    config.write_text("model: [nano]\nnegatives: {num_negatives: 3, skip: 0, max_score: null, max_share: null}\n")
    said = say(capsys, "mine", rows, "-o", tmp_path / "m.jsonl", "--config", config, "--seed", 5, "-n", 1, "--json")
    settings = json.loads(said.out)["settings"]
    assert (settings["num_negatives"], settings["max_share"], settings["seed"]) == (1, None, 5)


def test_a_beir_folder_brings_rows_and_corpus(capsys, tmp_path):
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    documents = [{"_id": name, "title": name, "text": f"the {name} lives here"} for name in ANIMALS]
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, documents)).encode()))
    write_lines(folder / "queries.jsonl", [{"_id": "q", "text": "the bear"}])
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq\tbear\t1\nq\tfox\t2\nq\towl\t0\n")
    out = tmp_path / "m.jsonl.gz"
    said = say(capsys, "mine", folder, "--split", "dev", "-o", out, *LOOSE)
    assert said.code == 0, said.err
    (row,) = [json.loads(line) for line in gzip.decompress(out.read_bytes()).splitlines()]
    assert row["positives"] == ["bear\nthe bear lives here", "fox\nthe fox lives here"]
    assert row["source"] == "set" and len(row["negatives"]) == 4
    assert_one_error_line(say(capsys, "mine", folder, "-o", out, wiring=no_models()), "split 'train'")


def test_what_of_a_beir_folder_becomes_no_row_is_told(capsys, tmp_path):
    (tmp_path / "set" / "qrels").mkdir(parents=True)
    documents = [*({"_id": name, "text": name} for name in ANIMALS), {"_id": "blank", "text": " "}]
    write_lines(tmp_path / "set" / "corpus.jsonl", documents)
    write_lines(tmp_path / "set" / "queries.jsonl", [{"_id": "q", "text": "bear"}, {"_id": "r", "text": "fox"}])
    (tmp_path / "set" / "qrels" / "train.tsv").write_text("q\tbear\t1\nr\towl\t0\n")
    said = say(capsys, "mine", tmp_path / "set", "-o", tmp_path / "m.jsonl", *LOOSE, "--json")
    report = json.loads(said.out)
    assert (report["num_rows"], report["corpus"]["num_blank"]) == (1, 1)
    assert report["left_out"] == {"no relevant document": 1}
    assert "left out: 1 no relevant document" in said.err


def test_pairs_of_other_columns_are_rows_too(capsys, tmp_path):
    pairs = write_lines(tmp_path / "pairs.jsonl", [{"anchor": f"the {name}", "positive": name} for name in ANIMALS])
    assert say(capsys, "mine", pairs, "-o", tmp_path / "m.jsonl", *LOOSE).code == 0
    first = read(tmp_path / "m.jsonl")[0]
    assert (first["task"], first["positives"], len(first["negatives"])) == ("retrieval", ["bear"], 5)


def test_a_run_that_was_broken_off_goes_on_and_other_settings_are_refused(capsys, tmp_path, rows):
    class Breaking(BagEncoder):
        def encode_queries_reported(self, texts, *, instruction=None, dim=None):
            raise KeyboardInterrupt

    words = ("mine", rows, "-o", tmp_path / "m.jsonl", *LOOSE)
    assert say(capsys, *words, wiring=fake_wiring(Breaking())).code == 130
    said = say(capsys, *words, "-n", 2, wiring=no_models())
    assert_one_error_line(said, "settings was num_negatives 7, is num_negatives 2 (begin anew with --restart)")
    once = BagEncoder()
    once.encode_documents_reported = None  # the vectors are there already
    assert say(capsys, *words, wiring=fake_wiring(once)).code == 0
    assert say(capsys, *words, "-n", 2, "--restart").code == 0


def test_texts_that_are_cut_are_told(capsys, tmp_path, rows):
    encoder = BagEncoder()
    encoder.max_length = 3
    said = say(capsys, "mine", rows, "-o", tmp_path / "m.jsonl", *LOOSE, wiring=fake_wiring(encoder))
    assert "nano read only the beginning of 6 of 12 texts" in said.err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["none.jsonl", "-o", "m.jsonl"], "none.jsonl: no such file"),
        (["rows.jsonl", "-o", "m.txt"], "m.txt: is no file of training rows"),
        (["rows.jsonl", "-o", "rows.jsonl"], "is an input"),
        (["rows.jsonl", "-o", "none/m.jsonl"], "none: no such folder"),
        (["rows.jsonl", "-o", "m.jsonl", "--corpus", "none.jsonl"], "none.jsonl: no such file"),
        (["rows.jsonl", "-o", "m.jsonl", "--corpus", "blank.jsonl"], "the corpus: holds no text"),
        (["blank.jsonl", "-o", "m.jsonl"], "training rows: there are none"),
        (["bad.jsonl", "-o", "m.jsonl"], "bad.jsonl line 1: "),
        (["rows.jsonl", "-o", "m.jsonl", "--sampling", "best"], "mining.sampling = 'best'"),
        (["rows.jsonl", "-o", "m.jsonl", "--config", "bad.yaml"], "unknown key; known are"),
        (["rows.jsonl", "-o", "m.jsonl", "-m", "a", "-m", "a"], "different models"),
    ],
)
def test_bad_input_is_refused_in_one_line_before_a_model_is_loaded(capsys, tmp_path, monkeypatch, rows, words, part):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blank.jsonl").write_text("\n")
    (tmp_path / "bad.jsonl").write_text("{\n")
    (tmp_path / "bad.yaml").write_text("negatives: {windw: 3}\n")
    before = sorted(tmp_path.iterdir())
    assert_one_error_line(say(capsys, "mine", *words, wiring=no_models()), part)
    assert sorted(tmp_path.iterdir()) == before
