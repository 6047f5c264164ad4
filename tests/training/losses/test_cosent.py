"""CoSENT against its double sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.training.losses.cosent import CosentConfig, cosent
from tests.training.losses.formulas import assert_equal, assert_parts_make_the_whole, batch_of, numbers

NUM_ROWS, DIM = 6, 6
SCORES, SCALES = [0.1, 4.0, 2.5, 2.5, 5.0, 0.0], [1, 1, 2, 1, 1, 2]
CONFIG = CosentConfig(temperature=0.2)
make = partial(batch_of, num_rows=NUM_ROWS, num_hard=0, scores=SCORES)


def literal(texts: Tensor, scales: Sequence[int] = (0,) * NUM_ROWS) -> Tensor:
    cosines = cosine_similarity(texts[:NUM_ROWS], texts[NUM_ROWS : 2 * NUM_ROWS], dim=-1)
    inside = torch.ones((), dtype=torch.float64)
    for i in range(NUM_ROWS):
        for j in range(NUM_ROWS):
            if SCORES[i] > SCORES[j] and scales[i] == scales[j]:
                inside = inside + torch.exp((cosines[j] - cosines[i]) / CONFIG.temperature)
    return torch.log(inside)


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(lambda texts: cosent(make(texts), CONFIG), literal, numbers(2 * NUM_ROWS, DIM))


def test_only_scores_on_one_scale_are_compared() -> None:
    assert_equal(
        lambda texts: cosent(replace(make(texts), scales_N=torch.tensor(SCALES)), CONFIG),
        lambda texts: literal(texts, SCALES),
        numbers(2 * NUM_ROWS, DIM),
    )


def test_the_gradient_is_that_of_finite_differences() -> None:
    texts = numbers(2 * NUM_ROWS, DIM).requires_grad_()
    assert torch.autograd.gradcheck(lambda texts: cosent(make(texts), CONFIG), (texts,))


def test_each_of_two_processes_has_the_whole_loss() -> None:
    whole = partial(batch_of, num_rows=NUM_ROWS, num_hard=2, scores=SCORES)
    assert_parts_make_the_whole(partial(cosent, config=CONFIG), whole, NUM_ROWS)


@pytest.mark.parametrize("scores", [[1.0], [3.0, 3.0, 3.0]])
def test_scores_without_an_order_cost_nothing_and_pull_nowhere(scores: list[float]) -> None:
    texts = numbers(2 * len(scores), DIM).requires_grad_()
    loss = cosent(batch_of(texts, num_rows=len(scores), num_hard=0, scores=scores), CONFIG)
    loss.backward()
    assert loss.item() == 0
    assert not texts.grad.any()


def test_only_the_order_of_scores_counts() -> None:
    texts = numbers(2 * NUM_ROWS, DIM)
    stretched = batch_of(texts, num_rows=NUM_ROWS, num_hard=0, scores=[score**3 for score in SCORES])
    assert cosent(stretched, CONFIG) == cosent(make(texts), CONFIG)


def test_wrongly_ordered_extremes_stay_finite() -> None:
    q = torch.eye(2)
    texts = torch.cat((q, torch.stack((q[0], -q[1])))).requires_grad_()  # cosines 1 and -1, scores the other way round
    loss = cosent(batch_of(texts, num_rows=2, num_hard=0, scores=[0.0, 1.0]), CosentConfig(temperature=0.001))
    loss.backward()
    assert loss.item() == pytest.approx(2000)
    assert torch.isfinite(texts.grad).all()


def test_a_batch_without_scores_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no scores"):
        cosent(batch_of(numbers(4, DIM), num_rows=2, num_hard=0), CONFIG)
    with pytest.raises(ConfigError, match="temperature"):
        CosentConfig(temperature=0.0)
