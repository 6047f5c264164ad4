import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.neighbors import KNeighborsClassifier

from embedrank.core.errors import DatasetError
from embedrank.evaluation.split_files import Sample
from embedrank.evaluation.tasks.classification import SAMPLES_PER_LABEL, Classification, classified
from tests.evaluation.pair_folder import TEST, TRAIN, write_rows
from tests.evaluation.tasks.encoders import at_random, bag


@pytest.fixture
def folder(tmp_path):
    write_rows(tmp_path, "train", TRAIN)
    return write_rows(tmp_path, "test", TEST)


def test_texts_that_differ_by_words_are_told_apart(folder):
    measured = Classification.load(folder, "test", Sample()).measure(bag())
    assert measured.metrics["accuracy"] == measured.metrics["knn_macro_f1"] == 1.0
    assert measured.counts == {"num_texts": 12, "num_labels": 2}


def test_vectors_without_meaning_are_worth_no_more_than_chance(folder):
    assert Classification.load(folder, "test", Sample()).measure(at_random()).metrics["accuracy"] < 0.8


def test_the_figures_are_scikit_learns():
    generator = np.random.default_rng(0)
    train, texts = generator.normal(size=(30, 8)).astype(np.float32), generator.normal(size=(20, 8)).astype(np.float32)
    answers, labels = generator.integers(0, 3, 30).astype(str), generator.integers(0, 3, 20).astype(str)
    found = classified(train, answers, texts, labels, seed=3)
    logistic = LogisticRegression(max_iter=100, random_state=3).fit(train, answers).predict(texts)
    nearest = KNeighborsClassifier(n_neighbors=5, metric="cosine").fit(train, answers).predict(texts)
    assert found == {
        "accuracy": accuracy_score(labels, logistic),
        "macro_f1": f1_score(labels, logistic, average="macro", zero_division=0),
        "knn_accuracy": accuracy_score(labels, nearest),
        "knn_macro_f1": f1_score(labels, nearest, average="macro", zero_division=0),
    }


def test_each_draw_has_a_few_examples_of_each_label_and_the_seed_decides(folder):
    one, again, other = (Classification.load(folder, "test", Sample(seed=seed)) for seed in (0, 0, 1))
    for draw in one.draws:
        labels = [one.train.labels[place] for place in draw]
        assert sorted(labels) == ["animals"] * SAMPLES_PER_LABEL + ["money"] * SAMPLES_PER_LABEL
    assert one.draws == again.draws
    assert [one.train.texts[place] for place in one.draws[0]] != [other.train.texts[place] for place in other.draws[0]]


def test_a_language_is_learned_from_its_own_examples(tmp_path):
    write_rows(tmp_path, "train", [{**row, "lang": lang} for lang in ("en", "de") for row in TRAIN])
    write_rows(tmp_path, "test", [{**row, "lang": "de"} for row in TEST])
    task = Classification.load(tmp_path, "test", Sample())
    assert set(task.train.languages) == {"de"}
    assert task.measure(bag()).by_language.keys() == {"de"}


def test_a_folder_without_examples_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"needs a file train\.jsonl to learn from"):
        Classification.load(write_rows(tmp_path, "test", TEST), "test", Sample())
    write_rows(tmp_path, "train", TRAIN[::2])
    with pytest.raises(DatasetError, match="one label only"):
        Classification.load(tmp_path, "test", Sample())
