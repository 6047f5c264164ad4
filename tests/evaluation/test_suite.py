import pytest

from embedrank.evaluation.suite import means_of, suite_json, suite_rows


def report(name, split, task, **systems):
    last = list(systems.values())[-1]
    return {"data": f"/sets/{name}", "split": split, "task": task, "num_queries": 10, "systems": systems, **last}


def test_splits_of_one_family_are_one_row():
    reports = [
        report("multi", "test.de", "sts", dense={"spearman": 0.6}),
        report("multi", "test.en", "sts", dense={"spearman": 0.8}),
        report("multi", "test_hard", "sts", dense={"spearman": 0.1}),
    ]
    rows = suite_rows(reports, "test")
    assert [(row.name, row.num_splits, row.num_queries) for row in rows] == [
        ("multi", 2, 20),
        ("multi test_hard", 1, 10),
    ]
    assert rows[0].values == {"dense": pytest.approx(0.7)}


def test_means_are_by_type_and_by_system():
    reports = [
        report("a", "test", "retrieval", BM25={"ndcg_at_10": 0.2}, dense={"ndcg_at_10": 0.4}),
        report("b", "test", "retrieval", BM25={"ndcg_at_10": 0.4}, dense={"ndcg_at_10": 0.6}),
        report("c", "test", "clustering", dense={"v_measure": 0.1}),
    ]
    means = means_of(suite_rows(reports, "test"))
    assert means["BM25"] == {
        "mean_task": pytest.approx(0.3),
        "mean_type": pytest.approx(0.3),
        "Retrieval": pytest.approx(0.3),
    }
    assert means["dense"]["mean_task"] == pytest.approx(1.1 / 3)
    assert means["dense"]["mean_type"] == pytest.approx(0.3)


def test_p_mrr_counts_as_the_papers_column_and_robustness_does_not():
    pairs = report("pairs", "test", "instruction_retrieval", dense={"p_mrr": 0.1, "ndcg_at_10": 0.5})
    variants = report("variants", "test", "instruction_retrieval", dense={"robustness_at_10": 0.2, "ndcg_at_10": 0.5})
    rows = suite_rows([pairs, variants], "test")
    assert [(row.benchmark_type, row.metric) for row in rows] == [
        ("InstructionReranking", "p_mrr"),
        ("InstructionRetrieval", "robustness_at_10"),
    ]


def test_a_difference_is_marked_where_it_holds_in_most_splits():
    def split(name, p_value):
        return report("a", name, "retrieval", BM25={"ndcg_at_10": 0.1}, dense={"ndcg_at_10": 0.2, "p_value": p_value})

    assert suite_rows([split("test.1", 0.01), split("test.2", 0.04), split("test.3", 0.9)], "test")[0].better == {
        "dense"
    }
    assert not suite_rows([split("test.1", 0.01), split("test.2", 0.9)], "test")[0].better


def test_the_object_holds_rows_means_and_all_reports():
    reports = [report("a", "test", "sts", dense={"spearman": 0.5})]
    content = suite_json(suite_rows(reports, "test"), reports, main_system="dense")
    assert content["means"] == {"mean_task": 0.5, "mean_type": 0.5, "STS": 0.5}
    assert content["rows"][0]["metric"] == "spearman"
    assert content["sets"] == reports
