"""Probabilities held against judgements."""

import numpy as np
import pytest

from embedrank.evaluation.curves.calibration import calibration


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
