"""What went wrong, counted and shown."""

import pytest

from embedrank.evaluation.beir import load_beir
from embedrank.evaluation.errors.gathering import Errors
from tests.evaluation.beir_folder import write_beir

RUNS = {
    "BM25": {"q1": ["en:3", "en:1"], "q2": ["en:3"]},
    "dense": {"q1": ["en:3", "de:1"], "q2": ["en:1", "en:3"]},
}


def content(folder, num_worst=10, runs=RUNS):
    errors = Errors(num_worst=num_worst)
    errors.add(load_beir(folder, "test"), runs)
    return errors.content()


@pytest.fixture
def folder(tmp_path):
    return write_beir(tmp_path)


def test_the_worst_is_first_with_the_ranks_of_its_answer_at_each_stage(folder):
    first, second = content(folder)["worst"]
    assert (first["id"], first["ranks"]) == ("q1", {"BM25": 2, "dense": None})
    assert (second["id"], second["ranks"]) == ("q2", {"BM25": 1, "dense": 2})
    assert first["ndcg_at_10"]["dense"] == 0


def test_what_any_stage_ranked_above_the_answer_is_shown_with_its_ranks(folder):
    first, second = content(folder)["worst"]
    assert {row["id"]: row["ranks"] for row in first["above"]} == {
        "en:3": {"BM25": 1, "dense": 1},
        "de:1": {"BM25": None, "dense": 2},
    }
    assert [row["id"] for row in second["above"]] == ["en:1"]
    assert second["above"][0]["text"] == "Bears\nThe brown bear catches salmon."
    assert [row["id"] for row in first["right"]] == ["en:1", "en:2"]


def test_gains_and_losses_are_those_since_the_stage_before(folder):
    bm25, dense = content(folder)["stages"]
    assert (bm25["found"], bm25["gained"], bm25["lost"]) == (2, 0, 0)
    assert (dense["found"], dense["gained"], dense["lost"]) == (1, 0, 1)


def test_slices_hold_every_query_once(folder):
    found = content(folder)
    for rows in found["slices"].values():
        assert sum(row["count"] for row in rows) == found["num_queries"] == 2


def test_texts_are_of_the_worst_only_and_perfect_queries_are_counted(folder):
    assert [entry["id"] for entry in content(folder, num_worst=1)["worst"]] == ["q1"]
    perfect = content(folder, runs={"BM25": {"q1": ["en:1", "en:2"], "q2": ["en:3"]}})
    assert (perfect["worst"], perfect["num_perfect"]) == ([], 2)


def test_the_worst_of_several_splits_are_kept_over_all(folder, tmp_path):
    write_beir(folder, qrels="q3\ten:2\t1\n", split="more")
    errors = Errors(num_worst=2)
    errors.add(load_beir(folder, "test"), RUNS)
    errors.add(load_beir(folder, "more"), {"BM25": {"q3": ["en:2"]}, "dense": {"q3": []}})
    assert {(entry["id"], entry["set"].split()[-1]) for entry in errors.content()["worst"]} == {
        ("q1", "test"),
        ("q3", "more"),
    }


def test_an_answer_that_the_corpus_lacks_has_no_text(folder):
    write_beir(folder, qrels="q1\tgone\t1\n")
    (entry,) = content(folder, runs={"BM25": {"q1": ["en:1"]}})["worst"]
    assert entry["right"][0]["text"] is None
