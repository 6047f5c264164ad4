import pytest
from scipy import stats

from embedrank.core.errors import DatasetError
from embedrank.evaluation.split_files import Sample
from embedrank.evaluation.tasks.sts import Sts
from tests.evaluation.pair_folder import GRADED, pair, write_rows
from tests.evaluation.tasks.encoders import bag


def test_correlations_are_scipys_on_the_cosines_of_the_encoder(tmp_path):
    write_rows(tmp_path, "test", GRADED)
    encoder = bag()
    task = Sts.load(tmp_path, "test", Sample())
    measured = task.measure(encoder)
    first = encoder.encoder.encode_queries([row["sentence1"] for row in GRADED])
    second = encoder.encoder.encode_queries([row["sentence2"] for row in GRADED])
    cosines, scores = (first * second).sum(axis=1), [row["score"] for row in GRADED]
    assert measured.metrics["spearman"] == pytest.approx(stats.spearmanr(cosines, scores).statistic, abs=1e-6)
    assert measured.metrics["pearson"] == pytest.approx(stats.pearsonr(cosines, scores).statistic, abs=1e-6)
    assert measured.counts == {"num_pairs": 5}


def test_equal_sentences_are_embedded_once(tmp_path):
    encoder = bag()
    task = Sts.load(write_rows(tmp_path, "test", GRADED), "test", Sample())
    task.measure(encoder)
    asked = [text for texts, _ in encoder.encoder.batches for text in texts]
    assert len(asked) == len(set(asked)) == task.num_texts == 8


def test_each_language_counts_the_same(tmp_path):
    rows = [{**row, "lang": "en"} for row in GRADED]
    rows += [pair("aa", "aa", 1, lang="xx"), pair("bb", "bb cc", 2, lang="xx")]
    measured = Sts.load(write_rows(tmp_path, "test", rows), "test", Sample()).measure(bag())
    assert measured.by_language["xx"]["spearman"] == pytest.approx(-1)
    english = measured.by_language["en"]["spearman"]
    assert measured.metrics["spearman"] == pytest.approx((english - 1) / 2)


def test_an_encoder_that_tells_nothing_apart_scores_zero(tmp_path):
    rows = [pair("same", "same", score) for score in (1, 2, 3)]
    measured = Sts.load(write_rows(tmp_path, "test", rows), "test", Sample()).measure(bag())
    assert measured.metrics == {"spearman": 0.0, "pearson": 0.0}


def test_scores_that_do_not_vary_are_refused(tmp_path):
    write_rows(tmp_path, "test", [pair("a", "b", 3), pair("c", "d", 3)])
    with pytest.raises(DatasetError, match="all scores of 'test' are the same"):
        Sts.load(tmp_path, "test", Sample())
