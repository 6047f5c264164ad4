"""Draws are permutations that the seed and the row decide; weights do what their formula says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedrank.training.negatives.config import SAMPLINGS, MiningConfig
from embedrank.training.negatives.sampling import SAMPLING, draw_order


def test_every_way_that_the_config_takes_is_there() -> None:
    assert set(SAMPLING) == set(SAMPLINGS)


@given(st.sampled_from(SAMPLINGS), st.integers(0, 30), st.integers(0, 9), st.integers(0, 9))
def test_a_draw_is_a_permutation_that_can_be_repeated(sampling, size, seed, row) -> None:
    config = MiningConfig(sampling=sampling, seed=seed)
    scores = np.linspace(0.9, 0.1, size, dtype=np.float32)
    order = draw_order(scores, config, row=row)
    assert sorted(order.tolist()) == list(range(size))
    np.testing.assert_array_equal(order, draw_order(scores, config, row=row))


@pytest.mark.parametrize("sampling", ["random", "weighted"])
def test_another_seed_and_another_row_draw_otherwise(sampling: str) -> None:
    scores = np.full(50, 0.5, np.float32)
    draws = [
        draw_order(scores, MiningConfig(sampling=sampling, seed=seed), row=row)
        for seed, row in [(0, 0), (1, 0), (0, 1)]
    ]
    assert len({tuple(draw.tolist()) for draw in draws}) == 3


def test_top_takes_the_best_first() -> None:
    assert draw_order(np.array([0.9, 0.5, 0.1], np.float32), MiningConfig(), row=3).tolist() == [0, 1, 2]


def test_weights_are_the_exponential_of_the_score_over_the_temperature() -> None:
    scores = np.array([0.5, 0.4, 0.2], np.float32)
    config = MiningConfig(sampling="weighted", temperature=0.1)
    first = [int(draw_order(scores, config, row=row)[0]) for row in range(4000)]
    weights = np.exp(scores / 0.1)
    np.testing.assert_allclose(np.bincount(first, minlength=3) / 4000, weights / weights.sum(), atol=0.03)
