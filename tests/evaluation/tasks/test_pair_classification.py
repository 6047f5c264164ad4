import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, f1_score

from embedrank.core.errors import DatasetError
from embedrank.evaluation.split_files import Sample
from embedrank.evaluation.tasks.pair_classification import PairClassification, judged_pairs
from tests.evaluation.pair_folder import BINARY, GRADED, write_rows
from tests.evaluation.tasks.encoders import bag


@pytest.mark.parametrize("seed", range(5))
def test_the_best_thresholds_equal_a_search_over_all_of_them(seed):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, 60)
    scores = np.round(generator.normal(size=60) + labels, 1).astype(np.float32)  # with ties
    found = judged_pairs(labels, scores)
    cuts = [*np.unique(scores), np.inf]
    assert found["accuracy"] == pytest.approx(max(accuracy_score(labels, scores >= cut) for cut in cuts))
    assert found["f1"] == pytest.approx(max(f1_score(labels, scores >= cut, zero_division=0) for cut in cuts))
    assert found["average_precision"] == pytest.approx(average_precision_score(labels, scores))


def test_the_figures_equal_mtebs(tmp_path):
    pytest.importorskip("mteb")
    from mteb.abstasks.pair_classification import AbsTaskPairClassification

    generator = np.random.default_rng(7)
    labels = generator.integers(0, 2, 80)
    scores = (generator.normal(size=80) + labels).astype(np.float32)
    ours = judged_pairs(labels, scores)
    accuracy, _ = AbsTaskPairClassification._find_best_acc_and_threshold(None, scores, labels, True)
    f1, *_ = AbsTaskPairClassification._find_best_f1_and_threshold(None, scores, labels, True)
    assert (ours["accuracy"], ours["f1"]) == (pytest.approx(accuracy), pytest.approx(f1))


def test_a_folder_of_duplicates_is_measured(tmp_path):
    measured = PairClassification.load(write_rows(tmp_path, "test", BINARY), "test", Sample()).measure(bag())
    assert measured.metrics["accuracy"] >= 5 / 6
    assert measured.counts == {"num_pairs": 6}


def test_graded_pairs_are_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"needs scores 0 and 1; 'test' has 0\.5, 2"):
        PairClassification.load(write_rows(tmp_path, "test", GRADED), "test", Sample())
