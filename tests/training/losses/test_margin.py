"""The pairwise hinge against its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from embedrank.core.errors import ConfigError
from embedrank.training.losses.margin import MarginConfig, margin
from tests.training.losses.formulas import assert_equal, numbers

COUNTS, CONFIG = [3, 1, 2, 4], MarginConfig(width=0.8)


def literal(logits: Tensor) -> Tensor:
    total, start = torch.zeros((), dtype=torch.float64), 0
    for count in COUNTS:
        for k in range(1, count):
            cost = CONFIG.width - (logits[start] - logits[start + k])
            if cost.item() > 0:
                total = total + cost / (count - 1)
        start += count
    return total / len(COUNTS)


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(lambda logits: margin(logits, COUNTS, CONFIG), literal, numbers(10))


def test_lists_of_one_cost_nothing_and_positives_that_win_pull_nowhere() -> None:
    logits = torch.tensor([9.0, 4.0, 1.0, 2.0], requires_grad=True)
    loss = margin(logits, [3, 1], CONFIG)
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_a_width_must_be_positive() -> None:
    with pytest.raises(ConfigError, match="width"):
        MarginConfig(width=0.0)
