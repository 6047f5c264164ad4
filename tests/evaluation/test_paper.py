import json

import pytest

from embedrank.core.errors import DatasetError, InvalidInputError
from embedrank.evaluation.benchmark_scores import benchmarks, read_ablation, read_results
from embedrank.evaluation.paper import compare, compare_ablation, paper_tables, published

ENGLISH = "MTEB(eng, v2)"


def mteb_result(folder, task, *scores):
    folder.mkdir(parents=True, exist_ok=True)
    parts = [{"main_score": score, "hf_subset": "default"} for score in scores]
    (folder / f"{task}.json").write_text(json.dumps({"task_name": task, "scores": {"test": parts}}))


def test_the_means_by_type_of_the_tables_add_up():
    for name, benchmark in (
        ("multilingual", "MTEB(Multilingual, v2)"),
        ("english", ENGLISH),
        ("chinese", "MTEB(cmn, v1)"),
    ):
        for row in paper_tables()[name].rows:
            if row.model.startswith("Qwen3"):
                scores = published(row.model)[benchmark]
                types = [value for column, value in row.scores[benchmark].items() if not column.startswith("mean")]
                assert sum(types) / len(types) == pytest.approx(scores["mean_type"], abs=0.02)


def test_the_code_tasks_of_the_embedders_add_up():
    for row in paper_tables()["code"].rows[:3]:
        scores = dict(row.scores["MTEB(Code, v1)"])
        assert scores.pop("mean_task") == pytest.approx(sum(scores.values()) / 12, abs=0.02)


def test_every_table_of_the_report_is_there():
    assert sorted(table.table for table in paper_tables().values()) == [2, 3, 4, 5, 7, 8, 9]
    assert [row.setting for row in paper_tables()["ablation"].rows][-1] == "final"
    assert published("qwen3-reranker-4b")["FollowIR"] == {"p_mrr": 14.84}


def test_the_benchmarks_are_those_of_mteb():
    mteb = pytest.importorskip("mteb")
    for name, by_type in benchmarks().items():
        theirs = {task.metadata.name: task.metadata.type for task in mteb.get_benchmark(name).tasks}
        assert {task: kind for kind, tasks in by_type.items() for task in tasks} == theirs


def test_results_of_mteb_become_means_beside_the_published_ones(tmp_path):
    mteb_result(tmp_path / "model" / "revision", "STS12", 0.70, 0.80)
    mteb_result(tmp_path / "model" / "revision", "STS13", 0.85)
    mteb_result(tmp_path / "model" / "revision", "ArguAna", 0.50)
    (tmp_path / "model" / "revision" / "model_meta.json").write_text("{}")
    ours = read_results(tmp_path)
    assert ours.scores[ENGLISH]["STS"] == pytest.approx(80)
    assert ours.scores[ENGLISH]["mean_type"] == pytest.approx(65)
    assert "MTEB(eng, v2): 3 of 41 tasks; means are over those" in ours.notes
    rows = {row.column: row for row in compare(ours.scores, "Qwen3-Embedding-0.6B") if row.benchmark == ENGLISH}
    assert rows["STS"].difference == pytest.approx(80 - 86.57)
    assert rows["Summarization"].difference is None


def test_our_own_suite_is_compared_and_told_to_be_other_sets(tmp_path):
    (tmp_path / "ours.json").write_text(json.dumps({"means": {"STS": 0.7, "mean_task": 0.7}}))
    ours = read_results(tmp_path / "ours.json")
    assert "other sets" in ours.notes[0]
    assert compare(ours.scores, "BGE-M3")[0].ours == pytest.approx(70)


def test_an_ablation_has_the_reports_shape(tmp_path):
    mteb_result(tmp_path / "final", "STS12", 0.5)
    (tmp_path / "without-model-merge.json").write_text(json.dumps({"means": {"mean_task": 0.4}}))
    rows = compare_ablation({setting: ours.scores for setting, ours in read_ablation(tmp_path).items()})
    assert len(rows) == 16
    known = {(row.setting, row.benchmark): row.ours for row in rows if row.ours is not None}
    assert known == {
        ("final", ENGLISH): 50,
        ("final", "MTEB(Multilingual, v2)"): 50,  # the task is in both
        ("without model merge", "MTEB(Multilingual, v2)"): 40,
    }
    with pytest.raises(DatasetError, match="holds none of only-synthetic-data, "):
        read_ablation(tmp_path / "final")


def test_what_cannot_be_compared_is_one_clear_error(tmp_path):
    with pytest.raises(InvalidInputError, match="is in no table of the report; there are NV-Embed-v2"):
        published("my-model")
    with pytest.raises(DatasetError, match="no such file"):
        read_results(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no results of mteb"):
        read_results(tmp_path)
    mteb_result(tmp_path, "SomeTask", 0.5)
    with pytest.raises(DatasetError, match="none of its 1 tasks belongs"):
        read_results(tmp_path)
    mteb_result(tmp_path, "CosQA", 0.5)
    with pytest.raises(InvalidInputError, match="hold nothing that is published of ritrieve_zh_v1"):
        compare(read_results(tmp_path).scores, "ritrieve_zh_v1")
