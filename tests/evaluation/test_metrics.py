import math
import random

import pytest

from embedrank.core.errors import DatasetError, InvalidInputError, StorageError
from embedrank.core.types import Scored
from embedrank.evaluation.beir import load_beir
from embedrank.evaluation.compare import randomisation_test
from embedrank.evaluation.metrics import means, per_query
from embedrank.evaluation.report import as_json, score_systems
from embedrank.evaluation.run import document_run, read_trec_run, write_trec_run
from tests.evaluation.beir_folder import write_beir


def test_metrics_equal_hand_computed_values():
    # ranked: x (0), a (3), b (1); ideal: a, b
    values = per_query({"q": {"a": 3, "b": 1}}, {"q": ["x", "a", "b"]})
    gain = 3 / math.log2(3) + 1 / math.log2(4)
    assert values["ndcg_at_10"]["q"] == pytest.approx(gain / (3 / math.log2(2) + 1 / math.log2(3)))
    assert values["mrr_at_10"]["q"] == 0.5
    assert values["recall_at_100"]["q"] == 1.0
    assert values["map"]["q"] == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_the_order_given_counts_even_where_names_sort_otherwise():
    for order in (["a", "z"], ["z", "a"]):
        assert per_query({"q": {order[0]: 1}}, {"q": order})["mrr_at_10"]["q"] == 1.0


def test_an_unanswered_query_scores_zero_and_counts():
    values = per_query({"q1": {"a": 1}, "q2": {"a": 1}}, {"q1": ["a"]})
    assert list(values["ndcg_at_10"]) == ["q1", "q2"]
    assert means(values) == {"ndcg_at_10": 0.5, "recall_at_100": 0.5, "mrr_at_10": 0.5, "map": 0.5}


def test_ranks_beyond_the_cut_do_not_count():
    late = [f"x{n}" for n in range(10)] + ["a"]
    values = per_query({"q": {"a": 1}}, {"q": late})
    assert values["mrr_at_10"]["q"] == values["ndcg_at_10"]["q"] == 0.0
    assert values["map"]["q"] == pytest.approx(1 / 11)


def test_chunks_become_documents_at_their_best_place():
    rows = [Scored(id=name, score=1.0) for name in ("b#1", "a#0", "b#0")]
    assert document_run({"q": rows}, lambda name: name.partition("#")[0]) == {"q": ["b", "a"]}


def test_a_trec_run_file_has_six_columns(tmp_path):
    write_trec_run({"q1": ["b", "a"]}, tmp_path / "run.txt", tag="fused + rerank")
    assert (tmp_path / "run.txt").read_text() == "q1 Q0 b 1 -1 fused-+-rerank\nq1 Q0 a 2 -2 fused-+-rerank\n"
    with pytest.raises(StorageError, match="cannot write the run"):
        write_trec_run({}, tmp_path / "no" / "run.txt", tag="x")


def test_a_run_file_is_read_as_it_was_written_and_by_its_ranks(tmp_path):
    run = {"q1": ["b", "a"], "q2": ["c"]}
    write_trec_run(run, tmp_path / "run.txt", tag="x")
    assert read_trec_run(tmp_path / "run.txt") == run
    (tmp_path / "run.txt").write_text("q1 Q0 a 2 0.9 x\nq1 Q0 b 1 0.1 x\n")
    assert read_trec_run(tmp_path / "run.txt") == {"q1": ["b", "a"]}
    for line in ("q1 Q0 a 2 0.9", "q1 Q0 a first 0.9 x"):
        (tmp_path / "run.txt").write_text(f"q1 Q0 b 1 1 x\n{line}\n")
        with pytest.raises(DatasetError, match="line 2: is no line of a TREC run"):
            read_trec_run(tmp_path / "run.txt")


def test_metrics_equal_pytrec_evals_on_the_same_run():
    pytrec_eval = pytest.importorskip("pytrec_eval")
    generator = random.Random(0)
    names = [f"d{number}" for number in range(40)]
    qrels = {f"q{n}": {name: generator.randint(0, 3) for name in generator.sample(names, 15)} for n in range(20)}
    run = {query: generator.sample(names, 30) for query in qrels}
    judge = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10", "recall.100", "map", "recip_rank"})
    scored = {query: {name: -float(rank) for rank, name in enumerate(found)} for query, found in run.items()}
    theirs, ours = judge.evaluate(scored), per_query(qrels, run)
    for query in qrels:
        assert ours["ndcg_at_10"][query] == pytest.approx(theirs[query]["ndcg_cut_10"])
        assert ours["recall_at_100"][query] == pytest.approx(theirs[query]["recall_100"])
        assert ours["map"][query] == pytest.approx(theirs[query]["map"])


def test_randomisation_finds_a_clear_difference_and_no_false_one():
    low = {str(n): 0.1 for n in range(50)}
    high = {str(n): 0.9 for n in range(50)}
    assert randomisation_test(low, high) < 0.001
    assert randomisation_test(low, dict(low)) == 1.0
    assert randomisation_test(low, high) == randomisation_test(high, low)


def test_randomisation_equals_exhaustive_swapping_on_few_queries():
    first, second = {"a": 0.0, "b": 0.0, "c": 0.0}, {"a": 1.0, "b": 1.0, "c": 1.0}
    assert randomisation_test(first, second) == pytest.approx(2 / 8, abs=0.02)


def test_systems_on_other_queries_are_not_compared():
    with pytest.raises(InvalidInputError):
        randomisation_test({"a": 1.0}, {"b": 1.0})


def test_the_report_has_the_last_system_on_top(tmp_path):
    dataset = load_beir(write_beir(tmp_path), "test")
    runs = {"BM25": {"q1": ["en:2"], "q2": ["en:3"]}, "dense": {"q1": ["en:1", "en:2"], "q2": ["en:3"]}}
    report = as_json(dataset, score_systems(dataset, runs), settings={"dim": 64})
    assert report["system"] == "dense"
    assert report["ndcg_at_10"] == 1.0
    assert (report["num_queries"], report["num_documents"]) == (2, 4)
    assert report["systems"]["BM25"]["recall_at_100"] == 0.75
    assert 0 < report["systems"]["dense"]["p_value"] <= 1
    assert {"recall_at_100", "mrr_at_10", "map", "split", "notes", "settings"} <= report.keys()
