import json

import pytest

from tests.cli.command_line import assert_one_error_line, listening_wiring, no_models, say
from tests.evaluation.beir_folder import QRELS, write_beir

METRICS = {"ndcg_at_10", "recall_at_100", "mrr_at_10", "map", "num_queries", "num_documents"}


@pytest.fixture
def folder(tmp_path):
    return write_beir(tmp_path / "tiny")


def measured(capsys, *arguments, **more):
    return json.loads(say(capsys, "eval", *arguments, "--json", **more).out)


@pytest.mark.parametrize(
    ("flags", "systems"),
    [
        ([], ["BM25", "dense", "fused", "fused+rerank"]),
        (["--no-rerank"], ["BM25", "dense", "fused"]),
        (["--embedder", "x"], ["dense"]),
        (["--embedder", "x", "--reranker", "y"], ["dense", "dense+rerank"]),
        (["--lexical"], ["BM25"]),
        (["--lexical", "--reranker", "y"], ["BM25", "BM25+rerank"]),
        (["--fuse"], ["BM25", "dense", "fused"]),
        (["--embedder", "x", "--reranker", "y", "--fuse"], ["BM25", "dense", "fused", "fused+rerank"]),
    ],
)
def test_the_flags_choose_the_systems_and_the_last_one_is_on_top(capsys, folder, flags, systems):
    report = measured(capsys, "--data", folder, *flags)
    assert list(report["systems"]) == systems
    assert report["system"] == systems[-1]
    assert report["ndcg_at_10"] == report["systems"][systems[-1]]["ndcg_at_10"]
    assert report.keys() >= METRICS
    assert report["num_queries"] == 2


def test_a_number_type_can_be_measured(capsys, folder):
    heard = []
    measured(capsys, "--data", folder, "--dtype", "int8", wiring=listening_wiring(heard))
    assert [asked for _, asked in heard] == [{"dtype": "int8"}] * 2


def test_bm25_alone_loads_no_model(capsys, folder):
    assert measured(capsys, "--data", folder, "--lexical", wiring=no_models())["ndcg_at_10"] > 0.9


def test_the_corpus_is_restricted_as_judged_and_says_so(capsys, folder):
    report = measured(capsys, "--data", folder, "--lexical")
    assert report["num_documents"] == 3
    assert "corpus restricted to ids that start with 'en:'" in report["notes"]
    assert measured(capsys, "--data", folder, "--lexical", "--corpus-prefix", "all")["num_documents"] == 4


def test_a_sample_is_stated(capsys, folder):
    report = measured(capsys, "--data", folder, "--lexical", "--max-queries", 1)
    assert report["num_queries"] == 1
    assert "a seeded sample of 1 of 2 queries" in report["notes"]


def test_each_reranker_share_is_a_row(capsys, folder):
    report = measured(capsys, "--data", folder, "--rerank-weight", 0.0, "--rerank-weight", 0.5)
    assert list(report["systems"])[-2:] == ["fused+rerank w=0", "fused+rerank"]
    assert report["settings"]["rerank_weight"] == 0.5
    assert report["systems"]["fused+rerank w=0"]["map"] == report["systems"]["fused"]["map"]


def test_dim_and_depth_are_in_the_settings(capsys, folder):
    settings = measured(capsys, "--data", folder, "--dim", 64, "--rerank-depth", 2)["settings"]
    assert (settings["dim"], settings["rerank_depth"]) == (64, 2)


def test_the_table_shows_all_systems(capsys, folder):
    said = say(capsys, "eval", "--data", folder)
    assert "tiny test: 2 queries, 3 documents" in said.out
    assert all(name in said.out for name in ("BM25", "dense", "fused+rerank", "nDCG@10", "R@100"))
    assert "corpus restricted" in said.err


def test_run_files_are_written(capsys, folder, tmp_path):
    assert say(capsys, "eval", "--data", folder, "--fuse", "--runs", tmp_path).code == 0
    first = (tmp_path / "BM25.run").read_text().splitlines()[0].split()
    assert first[0] == "q1" and first[2] == "en:1" and len(first) == 6


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--data", "NOWHERE"], "no such folder"),
        (["--data", "TINY", "--split", "dev"], "no qrels for split 'dev'; there are bad, test"),
        (["--data", "TINY", "--split", "bad"], "bad.tsv line 5: score 'x' is not an integer"),
        (["--data", "TINY", "--corpus-prefix", "fr:"], "no document id starts with 'fr:'"),
        (["--data", "TINY", "--fusion", "sum"], "must be one of"),
        (["--data", "TINY", "--runs", "NOWHERE"], "no such folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(capsys, folder, tmp_path, arguments, part):
    write_beir(folder, qrels=QRELS + "q1\ten:1\tx\n", split="bad")
    named = {"TINY": folder, "NOWHERE": tmp_path / "nowhere"}
    assert_one_error_line(say(capsys, "eval", *[named.get(word, word) for word in arguments], wiring=no_models()), part)


def test_the_settings_say_which_fusion_was_decided(capsys, folder):
    settings = measured(capsys, "--data", folder, "--fuse")["settings"]
    assert (settings["fusion"], settings["fusion_weights"]) == ("rrf", [1.0, 1.0])
