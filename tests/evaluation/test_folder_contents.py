import pytest

from embedrank.core.errors import DatasetError, InvalidInputError
from embedrank.evaluation.folder_contents import recognise, splits_of
from tests.evaluation.beir_folder import CORPUS, QRELS, QUERIES, write_beir
from tests.evaluation.pair_folder import BINARY, GRADED, TEST, TRAIN, pair, write_rows


@pytest.mark.parametrize(
    ("rows", "contents", "task"),
    [
        (GRADED, "graded pairs", "sts"),
        (BINARY, "pairs scored 0 or 1", "pair_classification"),
        ([pair("uno", "one")], "translations", "bitext"),
        (TEST, "labelled texts", "clustering"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_rows_tell_what_they_are(tmp_path, rows, contents, task, zipped):
    found = recognise(write_rows(tmp_path, "test", rows, zipped=zipped), "test")
    assert (found.contents, found.tasks[0]) == (contents, task)


def test_labelled_texts_are_classified_where_there_is_something_to_learn_from(tmp_path):
    write_rows(tmp_path, "train", TRAIN)
    assert recognise(write_rows(tmp_path, "test", TEST), "test").tasks == ("classification", "clustering")


@pytest.mark.parametrize(
    ("qrels", "more", "tasks"),
    [
        (QRELS, {}, ("retrieval",)),
        (QRELS + "q1\tde:1\t0\n", {}, ("retrieval", "reranking")),
        (QRELS, {"instruction": "find it"}, ("instruction_retrieval",)),
        (QRELS, {"base": "q"}, ("instruction_retrieval",)),
    ],
)
def test_judgements_and_queries_tell_what_a_beir_folder_is_for(tmp_path, qrels, more, tasks):
    folder = write_beir(tmp_path, qrels=qrels, corpus=CORPUS, queries=[{**row, **more} for row in QUERIES])
    assert recognise(folder, "test").tasks == tasks


def test_a_task_that_does_not_fit_is_refused_and_those_that_do_are_named(tmp_path):
    found = recognise(write_rows(tmp_path, "test", BINARY), "test")
    assert found.chosen("sts", tmp_path) == "sts"
    with pytest.raises(InvalidInputError, match="is measured by pair_classification, sts"):
        found.chosen("bitext", tmp_path)
    with pytest.raises(InvalidInputError, match="is none of retrieval, "):
        found.chosen("searching", tmp_path)


def test_a_name_stands_for_its_parts_and_variants(tmp_path):
    for split in ("test.de", "test.en", "test_hard", "testing", "dev.de"):
        write_rows(tmp_path, split, GRADED)
    assert splits_of(tmp_path, "test") == ["test.de", "test.en", "test_hard"]
    assert splits_of(tmp_path, "dev.de") == ["dev.de"]
    assert splits_of(write_beir(tmp_path / "beir", split="test.en-zh"), "test") == ["test.en-zh"]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (
            [{"question": "a", "answer": "b"}],
            r"test\.jsonl line 1: has fields question, answer; known are text \+ label",
        ),
        ([], r"test\.jsonl: holds no rows"),
    ],
)
def test_rows_of_no_known_kind_are_one_clear_error(tmp_path, rows, problem):
    with pytest.raises(DatasetError, match=problem):
        recognise(write_rows(tmp_path, "test", rows), "test")


def test_folders_that_hold_nothing_are_one_clear_error(tmp_path):
    with pytest.raises(DatasetError, match="holds neither a BEIR set"):
        recognise(tmp_path, "test")
    with pytest.raises(DatasetError, match=r"no dev\.jsonl; there are test"):
        recognise(write_rows(tmp_path, "test", GRADED), "dev")
    with pytest.raises(DatasetError, match="no such folder"):
        recognise(tmp_path / "nowhere", "test")


def test_the_shared_sets_are_recognised(shared_data):
    wanted = {
        ("sick", "test"): "sts",
        ("stsb_multi", "test.zh"): "sts",
        ("msrp", "test"): "pair_classification",
        ("zh_pairs", "test.bq"): "pair_classification",
        ("hwu64", "test"): "classification",
        ("flores_sib", "test"): "bitext",
        ("cranfield", "test"): "retrieval",
        ("instr_lang_code", "test"): "instruction_retrieval",
        ("msmarco_instructir", "test"): "retrieval",
        ("msmarco_instructir", "test_situated"): "instruction_retrieval",
    }
    assert {key: recognise(shared_data / key[0], key[1]).tasks[0] for key in wanted} == wanted
    assert "reranking" in recognise(shared_data / "trecqa", "test").tasks
