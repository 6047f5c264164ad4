"""The listwise loss is the log share of the first of each list."""

from __future__ import annotations

import torch
from torch import Tensor

from embedrank.training.losses.listwise import listwise
from tests.training.losses.formulas import assert_equal, numbers

COUNTS = [3, 2, 1]


def literal(logits: Tensor) -> Tensor:
    total, start = torch.zeros((), dtype=torch.float64), 0
    for count in COUNTS:
        total = total - torch.log(torch.exp(logits[start]) / sum(torch.exp(logits[start + k]) for k in range(count)))
        start += count
    return total / len(COUNTS)


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(lambda logits: listwise(logits, COUNTS), literal, numbers(6))


def test_lists_of_one_and_extreme_logits_stay_finite() -> None:
    logits = torch.tensor([5.0, -300.0, 300.0], requires_grad=True)
    loss = listwise(logits, [1, 2])
    loss.backward()
    assert loss.item() == 300
    assert torch.isfinite(logits.grad).all() and logits.grad[0] == 0
