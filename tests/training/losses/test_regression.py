"""The squared error of probabilities against its formula."""

from __future__ import annotations

import torch
from torch import Tensor

from embedrank.training.losses.regression import regression
from tests.training.losses.formulas import assert_equal, numbers

TARGETS = torch.tensor([1.0, 0.0, 0.3, 0.75], dtype=torch.float64)


def literal(logits: Tensor) -> Tensor:
    return sum((1 / (1 + torch.exp(-logits[i])) - TARGETS[i]) ** 2 for i in range(4)) / 4


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(lambda logits: regression(logits, TARGETS), literal, numbers(4))


def test_the_right_probabilities_cost_nothing_and_the_worst_cost_one() -> None:
    assert regression(TARGETS.logit(eps=1e-12), TARGETS).item() < 1e-20
    assert regression(torch.tensor([-500.0]), torch.tensor([1.0])) == 1
