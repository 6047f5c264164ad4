import numpy as np
import pytest
from sklearn.metrics import v_measure_score

from embedrank.core.errors import DatasetError
from embedrank.evaluation.split_files import Sample
from embedrank.evaluation.tasks import clustering
from embedrank.evaluation.tasks.clustering import Clustering, clustered
from tests.evaluation.pair_folder import TRAIN, write_rows
from tests.evaluation.tasks.encoders import at_random, bag


def test_texts_of_one_label_lie_together_only_where_the_encoder_says_so(tmp_path):
    task = Clustering.load(write_rows(tmp_path, "test", TRAIN), "test", Sample())
    assert task.measure(bag()).metrics["v_measure"] > 0.9
    assert task.measure(at_random()).metrics["v_measure"] < 0.4


def test_the_mean_is_over_seeded_draws_judged_by_scikit_learn(monkeypatch):
    judged = []

    def listening(labels, clusters):
        judged.append(v_measure_score(labels, clusters))
        return judged[-1]

    monkeypatch.setattr("sklearn.metrics.v_measure_score", listening)
    generator = np.random.default_rng(0)
    vectors, labels = generator.normal(size=(40, 8)).astype(np.float32), generator.integers(0, 3, 40)
    found = clustered(vectors, labels, seed=5)
    assert len(judged) == clustering.NUM_DRAWS
    assert len(set(judged)) > 1
    assert found == {"v_measure": pytest.approx(np.mean(judged)), "v_measure_std": pytest.approx(np.std(judged))}
    assert clustered(vectors, labels, seed=5) == found


def test_one_label_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="one label only"):
        Clustering.load(write_rows(tmp_path, "test", TRAIN[::2]), "test", Sample())
