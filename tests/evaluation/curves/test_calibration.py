"""Probabilities held against judgements."""

import numpy as np
import pytest

from embedrank.evaluation.curves.calibration import Verdicts
from embedrank.evaluation.curves.calibration import calibration as calibration_of


def calibration(said, was):
    """Every pair of a query of its own."""
    return calibration_of(said, was, np.arange(len(said)))


def test_probabilities_that_keep_their_word_have_no_error():
    said = np.repeat([0.25, 0.75], 400)
    was = np.concatenate([np.arange(400) < 100, np.arange(400) < 300])
    found = calibration(said, was)
    assert found.ece == pytest.approx(0)
    assert [(each.low, each.high, each.count) for each in found.bins] == [(0.2, 0.3, 400), (0.7, 0.8, 400)]
    assert (found.num_pairs, found.num_relevant) == (800, 400)


def test_the_error_is_the_mean_distance_over_pairs_as_counted_by_hand():
    # 3 pairs say 0.9 and one is right; 1 pair says 0.1 and is wrong.
    found = calibration(np.array([0.9, 0.9, 0.9, 0.1]), np.array([True, False, False, False]))
    assert found.ece == pytest.approx((3 * (0.9 - 1 / 3) + 1 * 0.1) / 4)
    assert found.brier == pytest.approx((0.01 + 0.81 + 0.81 + 0.01) / 4)


def test_bins_agree_with_scikit_learn_at_the_edges_too():
    said = np.concatenate([np.linspace(0, 1, 11), np.random.default_rng(0).random(500)])
    found = calibration(said, np.random.default_rng(1).random(511) < said)
    assert sum(each.count for each in found.bins) == 511
    assert all(each.low - 1e-9 <= each.said <= each.high + 1e-9 for each in found.bins)


def test_judgements_of_one_kind_only_are_measured_too():
    assert calibration(np.array([0.2, 0.4]), np.array([False, False])).ece == pytest.approx(0.3)


def test_pairs_of_a_query_are_drawn_together():
    said, was = np.full(200, 0.5), np.arange(200) % 2 == 0
    alone = calibration(said, was).bins[0]
    together = calibration_of(said, was, np.arange(200) % 2).bins[0]  # two queries: one all right, one all wrong
    assert alone.low < alone.was_95[0] < alone.was < alone.was_95[1] < alone.high + 0.1
    assert together.was_95 == (0, 1)


def test_verdicts_are_gathered_query_by_query():
    verdicts = Verdicts()
    verdicts.add({"a": 0.0, "b": 0.0}, {"a"})
    verdicts.add({"a": 0.0}, {"c"})
    found = verdicts.calibrated()
    assert (found.num_pairs, found.num_relevant, found.bins[0].was) == (3, 1, pytest.approx(1 / 3))
