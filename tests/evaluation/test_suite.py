import pytest

from embedrank.evaluation.suite import baseline_of, means_of, suite_json, suite_rows, verdicts


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


def ranked(split, *, dense, bm25=0.1, num_queries=10, name="a"):
    """A split whose queries all have the same value in each system."""
    values = {"BM25": bm25, "dense": dense}
    queries = {system: {str(query): value for query in range(num_queries)} for system, value in values.items()}
    systems = {system: {"ndcg_at_10": value} for system, value in values.items()}
    return {**report(name, split, "retrieval", **systems), "by_query": queries}


def test_systems_are_compared_over_the_queries_of_all_splits():
    few = [ranked(f"test.{part}", dense=0.2, num_queries=3) for part in range(4)]
    row = suite_rows(few, "test")[0]
    assert row.compared["dense"].sign == 1  # none of the splits could say so alone: p is 1/4 at best
    assert suite_rows(few[:1], "test")[0].compared["dense"].sign == 0
    worse = suite_rows([ranked("test", dense=0.05)], "test")[0]
    assert worse.compared["dense"].sign == -1


def test_a_long_split_weighs_no_more_than_a_short_one():
    parts = [ranked("test.1", dense=0.2, num_queries=300), ranked("test.2", dense=0.0, num_queries=3)]
    row = suite_rows(parts, "test")[0]
    assert row.compared["dense"].difference.mean == pytest.approx(row.values["dense"] - row.values["BM25"])


def test_sets_above_and_below_the_baseline_are_counted():
    reports = [
        ranked("test", dense=0.2, name="a"),
        ranked("test", dense=0.05, name="b"),
        ranked("test", dense=0.1, name="c"),
        report("d", "test", "sts", dense={"spearman": 0.5}),
    ]
    rows = suite_rows(reports, "test")
    assert baseline_of(rows) == "BM25"
    assert verdicts(rows) == {"dense": {"above": 1, "below": 1, "alike": 1}}
    assert baseline_of(rows[3:]) is None


def test_the_object_holds_rows_means_and_all_reports():
    reports = [report("a", "test", "sts", dense={"spearman": 0.5})]
    content = suite_json(suite_rows(reports, "test"), reports, main_system="dense")
    assert content["means"] == {"mean_task": 0.5, "mean_type": 0.5, "STS": 0.5}
    assert content["rows"][0]["metric"] == "spearman"
    assert content["sets"] == reports


def test_values_of_single_queries_are_kept_in_files_only():
    reports = [ranked("test", dense=0.2)]
    content = suite_json(suite_rows(reports, "test"), reports, main_system="dense")
    assert content["rows"][0]["compared"]["dense"]["sign"] == 1
    assert "by_query" not in content["sets"][0]
