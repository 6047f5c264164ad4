import numpy as np
import pytest

from embedrank.evaluation.split_files import Sample
from embedrank.evaluation.tasks.bitext import Bitext, mined, nearest
from tests.evaluation.pair_folder import pair, write_rows
from tests.evaluation.tasks.encoders import bag

ROWS = [pair("one bear", "one bear ours", lang="de"), pair("two cats", "two cats chats", lang="de")]


def test_nearest_equals_the_whole_matrix(monkeypatch):
    monkeypatch.setattr("embedrank.evaluation.tasks.bitext._ROWS_PER_BLOCK", 7)
    generator = np.random.default_rng(0)
    queries, others = generator.normal(size=(30, 8)), generator.normal(size=(20, 8))
    np.testing.assert_array_equal(nearest(queries, others), (queries @ others.T).argmax(axis=1))


def test_the_figures_equal_mtebs():
    pytest.importorskip("mteb")
    from mteb.abstasks.text.bitext_mining import AbsTaskBitextMining

    places = np.random.default_rng(1).integers(0, 30, 30)
    places[:15] = np.arange(15)
    found = [{"corpus_id": int(place), "score": 1.0} for place in places]
    theirs = AbsTaskBitextMining._compute_metrics(AbsTaskBitextMining, found, list(enumerate(range(30))))
    assert mined(places)["f1"] == pytest.approx(theirs["f1"])
    assert mined(places)["accuracy"] == pytest.approx(theirs["accuracy"])


def test_sentences_are_mined_within_their_language(tmp_path):
    rows = [*ROWS, pair("one bear", "uno", lang="it"), pair("uno bear", "one bear", lang="it")]
    measured = Bitext.load(write_rows(tmp_path, "test", rows), "test", Sample()).measure(bag())
    assert measured.by_language["de"] == {"f1": 1.0, "accuracy": 1.0, "f1_back": 1.0}
    assert measured.by_language["it"]["accuracy"] == 0.0
    assert measured.metrics["accuracy"] == 0.5


def test_what_makes_mining_easier_or_unfair_is_told(tmp_path):
    rows = [*ROWS, pair("three", "one bear ours", lang="de")]
    whole = Bitext.load(write_rows(tmp_path, "test", rows), "test", Sample()).measure(bag())
    assert any("1 second sentences repeat" in note for note in whole.notes)
    part = Bitext.load(tmp_path, "test", Sample(size=2)).measure(bag())
    assert any("a sample is easier" in note for note in part.notes)
