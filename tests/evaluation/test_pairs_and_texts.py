import pytest

from embedrank.core.errors import DatasetError
from embedrank.evaluation.labelled_texts import load_labelled
from embedrank.evaluation.sentence_pairs import load_pairs
from embedrank.evaluation.split_files import Sample
from tests.evaluation.pair_folder import GRADED, TEST, pair, write_rows


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            {"sentence1": "a", "score": 1},
            r"line 6: field 'sentence2' is missing or not a string \(there are sentence1, sc",
        ),
        ({"sentence1": "a", "sentence2": 3, "score": 1}, "line 6: field 'sentence2'"),
        (pair("a", "b"), "line 6: field 'score' is missing or no number"),
        (pair("a", "b", "high"), "line 6: field 'score'"),
        (pair("a", "b", True), "line 6: field 'score'"),
    ],
)
def test_a_wrong_column_is_named_with_its_line(tmp_path, row, problem):
    with pytest.raises(DatasetError, match=problem):
        load_pairs(write_rows(tmp_path, "test", [*GRADED, row]), "test", Sample(), scored=True)


@pytest.mark.parametrize(
    "row", [{"text": "a"}, {"text": "a", "label": None}, {"text": "a", "label": [1]}, {"label": "x"}]
)
def test_a_text_without_text_or_label_is_named_with_its_line(tmp_path, row):
    with pytest.raises(DatasetError, match=r"line 13: field '(text|label)' is missing"):
        load_labelled(write_rows(tmp_path, "test", [*TEST, row]), "test", Sample())


def test_blank_texts_are_left_out_and_counted(tmp_path):
    pairs = load_pairs(write_rows(tmp_path, "test", [*GRADED, pair(" ", "b", 1)]), "test", Sample(), scored=True)
    assert len(pairs.first) == len(GRADED)
    assert pairs.notes == ["1 pairs have a blank text and were left out"]
    texts = load_labelled(write_rows(tmp_path, "dev", [*TEST, {"text": "", "label": "x"}]), "dev", Sample())
    assert texts.notes == ["1 texts have a blank text and were left out"]
    with pytest.raises(DatasetError, match="holds no pairs"):
        load_pairs(write_rows(tmp_path, "empty", [pair("", "")]), "empty", Sample(), scored=False)


def test_a_sample_is_seeded_keeps_the_order_and_says_so(tmp_path):
    write_rows(tmp_path, "test", [pair(f"a{number}", "b", number) for number in range(30)])
    one, again = (load_pairs(tmp_path, "test", Sample(size=5, seed=1), scored=True) for _ in range(2))
    assert one.first == again.first
    assert list(one.scores) == sorted(one.scores)
    assert one.notes == ["a seeded sample of 5 of 30 pairs"]
    assert load_pairs(tmp_path, "test", Sample(size=5, seed=2), scored=True).first != one.first


def test_labels_may_be_numbers(tmp_path):
    rows = [{"text": "a", "label": 3}, {"text": "b", "label": "three"}]
    assert load_labelled(write_rows(tmp_path, "test", rows), "test", Sample()).labels == ["3", "three"]
