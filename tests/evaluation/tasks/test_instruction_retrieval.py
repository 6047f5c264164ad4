import numpy as np
import pytest

from embedrank.evaluation.beir import load_beir
from embedrank.evaluation.report import score_systems
from embedrank.evaluation.tasks.instruction_retrieval import changed_documents, p_mrr, robustness
from tests.evaluation.beir_folder import write_beir

QRELS = {"7-og": {"a": 1, "b": 1}, "7-changed": {"a": 1, "b": 0}, "8-og": {"c": 2}, "8-changed": {"c": 1}}


def test_only_documents_that_the_change_excludes_count():
    assert changed_documents(QRELS) == {"7": ["b"]}
    assert changed_documents({"7-og": {"a": 1}, "x": {"a": 1}}) == {}
    assert p_mrr({"8-og": {"c": 1}, "8-changed": {"c": 1}}, {}) is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["b", "a"], ["a", "x", "y", "b"], 1 - 1 / 4),  # fell from 1 to 4, as asked
        (["a", "x", "y", "b"], ["b", "a"], 1 / 4 - 1),  # rose from 4 to 1
        (["a", "b"], ["a", "b"], 0.0),
        (["b"], [], 0.0),  # one place behind the last of none is 1
        (["a", "b"], ["a", "x"], 1 - 2 / 3),
    ],
)
def test_p_mrr_is_how_far_they_fall(before, after, expected):
    assert p_mrr(QRELS, {"7-og": before, "7-changed": after}) == pytest.approx(expected)


def test_p_mrr_equals_mtebs():
    pytest.importorskip("mteb")
    from mteb._evaluators.retrieval_metrics import calculate_pmrr

    generator = np.random.default_rng(0)
    names = [f"d{number}" for number in range(20)]
    qrels, run = {}, {}
    for query in ("1", "2", "3"):
        relevant = list(generator.choice(names, 6, replace=False))
        qrels[f"{query}-og"] = dict.fromkeys(relevant, 1)
        qrels[f"{query}-changed"] = dict.fromkeys(relevant[3:], 1)
        for side in ("og", "changed"):
            run[f"{query}-{side}"] = list(generator.permutation(names))[:15]
    scored = {query: {name: -float(rank) for rank, name in enumerate(names)} for query, names in run.items()}
    assert p_mrr(qrels, run) == pytest.approx(calculate_pmrr(scored, scored, changed_documents(qrels)))


def test_robustness_is_the_worst_variant_of_each_query_on_average():
    values = {"a1": 0.9, "a2": 0.4, "b1": 1.0, "b2": 0.8, "alone": 0.0}
    groups = {"a1": "a", "a2": "a", "b1": "b", "b2": "b"}
    assert robustness(values, groups) == pytest.approx((0.4 + 0.8) / 2)
    assert robustness(values, {"a1": "a", "b1": "b"}) is None


def test_a_folder_of_pairs_gets_both_measures_beside_the_usual(tmp_path):
    queries = [
        {"_id": "7-og", "text": "bears", "instruction": "any text about bears", "group": "7"},
        {"_id": "7-changed", "text": "bears", "instruction": "no text in English", "group": "7"},
    ]
    qrels = "7-og\ten:1\t1\n7-og\tde:1\t1\n7-changed\ten:1\t0\n7-changed\tde:1\t1\n"
    dataset = load_beir(write_beir(tmp_path, queries=queries, qrels=qrels), "test")
    assert dataset.instructions == {"7-og": "any text about bears", "7-changed": "no text in English"}
    runs = {"deaf": {"7-og": ["en:1", "de:1"], "7-changed": ["en:1", "de:1"]}}
    runs["keen"] = {"7-og": ["en:1", "de:1"], "7-changed": ["de:1", "en:2", "en:1"]}
    deaf, keen = score_systems(dataset, runs)
    assert (deaf.metrics["p_mrr"], keen.metrics["p_mrr"]) == (0.0, pytest.approx(1 - 1 / 3))
    assert keen.metrics["robustness_at_10"] == 1.0 > deaf.metrics["robustness_at_10"]
