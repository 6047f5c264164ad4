"""`embedrank eval` over sets of every kind, one and many."""

import json

import pytest

from embedrank.cli import kept_corpora, trial_store
from tests.cli.command_line import assert_one_error_line, fake_wiring, no_models, say
from tests.evaluation.beir_folder import write_beir
from tests.evaluation.pair_folder import BINARY, GRADED, TEST, TRAIN, pair, write_rows
from tests.search.fakes import BagEncoder

JUDGED = "q1\ten:1\t2\nq1\ten:2\t0\nq2\ten:3\t1\nq2\ten:1\t0\n"


@pytest.fixture
def sets(tmp_path):
    folder = tmp_path / "sets"
    write_rows(folder / "graded", "test", GRADED)
    write_rows(folder / "binary", "test", BINARY)
    write_rows(folder / "labels", "train", TRAIN)
    write_rows(folder / "labels", "test", TEST)
    write_rows(folder / "parallel", "test.de", [pair("one", "one eins"), pair("two", "two zwei")])
    write_rows(folder / "parallel", "test.it", [pair("one", "one uno"), pair("two", "two due")])
    write_beir(folder / "search", qrels=JUDGED)
    return folder


def measured(capsys, *arguments, **more):
    said = say(capsys, "eval", *arguments, "--json", **more)
    assert said.code == 0, said.err
    return json.loads(said.out)


@pytest.mark.parametrize(
    ("name", "split", "task", "fields"),
    [
        ("graded", "test", "sts", {"spearman", "num_pairs"}),
        ("binary", "test", "pair_classification", {"average_precision", "accuracy", "f1"}),
        ("labels", "test", "classification", {"accuracy", "macro_f1", "knn_accuracy"}),
        ("parallel", "test.de", "bitext", {"f1", "f1_back"}),
        ("search", "test", "retrieval", {"ndcg_at_10", "num_queries", "num_documents"}),
    ],
)
def test_what_a_folder_holds_is_recognised(capsys, sets, name, split, task, fields):
    report = measured(capsys, "--data", sets / name, "--split", split)
    assert report["task"] == task
    assert fields <= report.keys()
    assert report["settings"]["prompts"] == "report"


def test_a_person_is_told_what_was_found_and_what_else_could_be_measured(capsys, sets):
    said = say(capsys, "eval", "--data", sets / "labels")
    assert "labels test, classification: 12 texts, 2 labels" in said.out
    assert "the folder holds labelled texts, measured by classification; also possible: --task clustering" in said.err


def test_another_task_can_be_asked_for(capsys, sets):
    assert "v_measure" in measured(capsys, "--data", sets / "labels", "--task", "clustering")
    assert measured(capsys, "--data", sets / "binary", "--task", "sts")["task"] == "sts"


def test_the_instruction_is_in_the_result_and_the_users_wins(capsys, sets):
    encoder = BagEncoder()
    settings = measured(capsys, "--data", sets / "graded", wiring=fake_wiring(encoder))["settings"]
    assert settings["instruction"] == encoder.batches[-1][1] == "Retrieve semantically similar text"
    assert settings["instruction_source"] == "task"
    settings = measured(capsys, "--data", sets / "graded", "--instruction", "mine", wiring=fake_wiring(encoder))[
        "settings"
    ]
    assert settings["instruction"] == encoder.batches[-1][1] == "mine"


def test_queries_with_their_own_instruction_are_asked_with_it(capsys, tmp_path):
    queries = [{"_id": "q1", "text": "bear", "instruction": "in English"}, {"_id": "q2", "text": "river"}]
    folder = write_beir(tmp_path, queries=queries)
    encoder = BagEncoder()
    report = measured(capsys, "--data", folder, "--embedder", "x", wiring=fake_wiring(encoder))
    assert sorted((texts, how) for texts, how in encoder.batches if texts) == [
        (["bear"], "in English"),
        (["river"], None),
    ]
    assert report["task"] == "instruction_retrieval"
    assert "1 queries have an instruction of their own, which models read" in report["notes"]


def test_candidates_are_written_once_and_read_after(capsys, sets, tmp_path):
    file = tmp_path / "first.run"
    first = measured(capsys, "--data", sets / "search", "--lexical", "--reranker", "y", "--candidates", file)
    assert list(first["systems"]) == ["as given", "rerank"]
    kept = file.read_text()
    assert kept.splitlines()[0].split()[0] == "q1"
    second = measured(capsys, "--data", sets / "search", "--embedder", "x", "--candidates", file)
    assert file.read_text() == kept
    assert second["systems"]["as given"]["ndcg_at_10"] == first["systems"]["as given"]["ndcg_at_10"]
    assert second["task"] == "reranking"


@pytest.mark.parametrize("protocol", ["report", "mteb"])
def test_the_prompt_protocol_decides_on_candidates(capsys, sets, protocol):
    encoder = BagEncoder()
    chosen = ("--data", sets / "search", "--task", "reranking", "--embedder", "x", "--prompts", protocol)
    report = measured(capsys, *chosen, wiring=fake_wiring(encoder))
    assert report["settings"]["prompts"] == protocol
    asked = {text for texts, _ in encoder.batches for text in texts}
    assert ("A brown fox sleeps in the wood." in asked) is (protocol == "report")
    assert {"map", "pair_average_precision"} <= report.keys()


def test_all_sets_end_in_one_table_with_means_by_type(capsys, sets):
    report = measured(capsys, "--all", sets, "--no-rerank")
    found = {(row["set"], row["task"]) for row in report["rows"]}
    assert found == {
        ("graded", "sts"),
        ("binary", "pair_classification"),
        ("labels", "classification"),
        ("labels", "clustering"),
        ("parallel", "bitext"),
        ("search", "retrieval"),
        ("search", "reranking"),
    }
    assert report["system"] == "dense"
    assert {"STS", "Retrieval", "BitextMining", "mean_task", "mean_type"} <= report["means"].keys()
    assert report["means_by_system"]["BM25"].keys() == {"mean_task", "mean_type", "Retrieval"}
    said = say(capsys, "eval", "--data", sets / "graded", "--data", sets / "parallel")
    assert all(part in said.out for part in ("graded", "parallel (2 splits)", "mean over types", "BitextMining"))


def test_a_set_that_cannot_be_measured_is_left_out_and_told(capsys, sets):
    write_rows(sets / "strange", "test", [{"question": "x"}])
    write_rows(sets / "untested", "train", GRADED)
    report = measured(capsys, "--all", sets, "--no-rerank")
    assert len(report["left_out"]) == 2
    assert any("has fields question" in line for line in report["left_out"])
    assert any("no split 'test'" in line for line in report["left_out"])


def test_folders_without_rows_are_named(capsys, sets):
    (sets / "tokenizer").mkdir()
    assert any("tokenizer: holds no jsonl files" in line for line in measured(capsys, "--all", sets)["left_out"])


def test_the_table_groups_by_type_and_goes_into_a_file(capsys, sets, tmp_path):
    file = tmp_path / "table.md"
    said = say(capsys, "eval", "--all", sets, "--markdown", file)
    assert said.code == 0, said.err
    for part in ("Retrieval, mean", "sets above BM25", "sets below BM25", "embedded", "mean over types"):
        assert part in said.out
        assert part in file.read_text()
    assert "texts embedded" in said.err.splitlines()[-1]
    assert "texts embedded" in file.read_text().splitlines()[-1]
    assert "| --: |" in file.read_text()


def test_a_corpus_is_embedded_and_indexed_once_for_all_splits(capsys, sets, monkeypatch):
    (sets / "search" / "qrels" / "test.b.tsv").write_text("q1\ten:2\t1\n")
    filled = []
    monkeypatch.setattr(kept_corpora, "fill", lambda *given, **how: filled.append(1) or trial_store.fill(*given, **how))
    encoder = BagEncoder()
    report = measured(capsys, "--data", sets / "search", "--data", sets / "graded", wiring=fake_wiring(encoder))
    assert sum(row["num_splits"] for row in report["rows"] if row["task"] == "retrieval") == 2
    assert len(filled) == 1
    asked = [(text, how) for texts, how in encoder.batches for text in texts]
    assert len(asked) == len(set(asked))
    num_documents = 3  # which the encoder does not note down
    assert sum(row["num_embedded"] for row in report["rows"]) == len(asked) + num_documents


def test_a_set_of_many_splits_can_be_held_to_a_number_of_queries(capsys, sets):
    (sets / "search" / "qrels" / "test.b.tsv").write_text(JUDGED)
    chosen = ("--data", sets / "search", "--data", sets / "graded", "--task", "retrieval", "--max-set-queries", 2)
    row = measured(capsys, *chosen)["rows"][0]
    assert (row["num_splits"], row["num_queries"]) == (2, 2)


def test_a_run_goes_on_where_it_stopped(capsys, sets, tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    chosen = ("--all", sets, "--no-rerank", "--results", results)
    first = measured(capsys, *chosen)
    encoder = BagEncoder()
    again = measured(capsys, *chosen, wiring=fake_wiring(encoder))
    assert encoder.batches == []
    assert again["rows"] == first["rows"]
    write_rows(sets / "graded", "test", GRADED[:4])
    measured(capsys, *chosen, wiring=fake_wiring(encoder))
    assert not [text for texts, _ in encoder.batches for text in texts]  # measured again, from kept vectors
    assert len(list(results.glob("graded.test.sts.*.json"))) == 2


def test_what_was_trained_on_is_told_before_any_number(capsys, sets, tmp_path):
    row = {"task": "sts", "query": "a cat sleeps", "positives": ["nothing"], "source": "s"}
    rows = write_rows(tmp_path, "rows", [row]) / "rows.jsonl"
    report = measured(capsys, "--data", sets / "graded", "--trained-on", rows)
    assert report["contamination"][0]["num_known_queries"] == 1
    said = say(capsys, "eval", "--data", sets / "graded", "--trained-on", rows)
    assert said.err.splitlines()[0].startswith("graded: 1 of 8 queries")


def test_results_are_held_against_the_paper(capsys, sets, tmp_path):
    (tmp_path / "CosQA.json").write_text(json.dumps({"task_name": "CosQA", "scores": {"test": [{"main_score": 0.4}]}}))
    report = measured(capsys, "--compare-paper", "Qwen3-Embedding-0.6B", "--results", tmp_path)
    row = next(row for row in report["numbers"] if row["column"] == "CosQA")
    assert (row["ours"], row["published"]) == (40.0, 36.48)
    ours = tmp_path / "ours.json"
    ours.write_text(json.dumps(measured(capsys, "--all", sets, "--no-rerank")))
    said = say(capsys, "eval", "--compare-paper", "Qwen3-Embedding-0.6B", "--results", ours)
    assert "BitextMining" in said.out and "difference" in said.out
    assert "ours are other sets" in said.err


def test_an_ablation_is_held_against_the_papers(capsys, tmp_path):
    (tmp_path / "final.json").write_text(json.dumps({"means": {"mean_task": 0.5}}))
    said = say(capsys, "eval", "--compare-paper", "ablation", "--results", tmp_path)
    assert said.code == 0
    assert all(part in said.out for part in ("58.49", "final", "50.00", "-14.33"))


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "--data: is missing"),
        (["--all", "NOWHERE"], "no such folder"),
        (["--data", "SETS/graded", "--task", "bitext"], "holds graded pairs, which is measured by sts"),
        (["--data", "SETS/graded", "--task", "reading"], "is none of retrieval"),
        (["--data", "SETS/graded", "--prompts", "paper"], "must be one of report, mteb"),
        (["--data", "SETS/graded", "--markdown", "NOWHERE"], "are for tables over several sets"),
        (["--data", "SETS/graded", "--split", "dev"], "no dev.jsonl; there are test"),
        (["--data", "SETS/graded", "--lexical"], "needs an embedder"),
        (["--data", "SETS/graded", "--trained-on", "NOWHERE"], "cannot be read"),
        (["--compare-paper", "unheard"], "is in no table of the report"),
        (["--compare-paper", "BGE-M3"], "needs results to compare"),
        (["--data", "SETS/search", "--lexical", "--task", "reranking"], "needs a model that judges"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(capsys, sets, tmp_path, arguments, part):
    words = [word.replace("SETS", str(sets)).replace("NOWHERE", str(tmp_path / "nowhere")) for word in arguments]
    assert_one_error_line(say(capsys, "eval", *words, wiring=no_models()), part)
