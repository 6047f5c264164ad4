"""The right label against the row's wrong labels, transcribed."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from embedrank.core.errors import ConfigError
from embedrank.training.losses.classification import ClassificationConfig, classification
from tests.training.losses.formulas import assert_equal, assert_parts_make_the_whole, batch_of, numbers

NUM_ROWS, NUM_HARD, DIM = 4, 2, 6
IDS, HARD_IDS = [1, 2, 1, 3], [[2, 3], [1, 3], [2, 1], [1, 2]]
THERE = torch.tensor([[True, True], [True, False], [True, True], [False, False]])
CONFIG = ClassificationConfig(temperature=0.1)
make = partial(batch_of, num_rows=NUM_ROWS, num_hard=NUM_HARD, ids=IDS, hard_ids=HARD_IDS, there=THERE)


def literal(texts: Tensor) -> Tensor:
    unit = normalize(texts, dim=-1)
    q, right, wrong = unit[:NUM_ROWS], unit[NUM_ROWS : 2 * NUM_ROWS], unit[2 * NUM_ROWS :].view(NUM_ROWS, NUM_HARD, DIM)
    total = torch.zeros((), dtype=torch.float64)
    for i in range(NUM_ROWS):
        own = torch.exp(q[i] @ right[i] / CONFIG.temperature)
        z = own
        for k in range(NUM_HARD):
            if THERE[i, k] and HARD_IDS[i][k] != IDS[i]:
                z = z + torch.exp(q[i] @ wrong[i, k] / CONFIG.temperature)
        total = total - torch.log(own / z)
    return total / NUM_ROWS


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(lambda texts: classification(make(texts), CONFIG), literal, numbers(NUM_ROWS * 4, DIM))


def test_two_processes_make_the_whole() -> None:
    assert_parts_make_the_whole(partial(classification, config=CONFIG), make, NUM_ROWS)


def test_other_rows_have_no_weight() -> None:
    texts = numbers(NUM_ROWS * 4, DIM)
    moved = texts.clone()
    moved[1] = texts[0]  # the query of another row
    one = partial(make, rows=slice(0, 1))
    assert torch.equal(classification(one(texts), CONFIG), classification(one(moved), CONFIG))


def test_rows_without_wrong_labels_cost_nothing() -> None:
    assert classification(batch_of(numbers(6, DIM), num_rows=3, num_hard=0), CONFIG) == 0


def test_a_temperature_must_be_positive() -> None:
    with pytest.raises(ConfigError, match="temperature"):
        ClassificationConfig(temperature=-1.0)
