"""Binary cross-entropy against its formula, and its tie to the two-token loss."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from embedrank.training.losses.score_head import score_head
from embedrank.training.losses.yes_no import yes_no_two_tokens
from tests.training.losses.formulas import assert_equal, numbers

TARGETS = torch.tensor([1.0, 0.0, 0.3, 0.75], dtype=torch.float64)


def literal(logits: Tensor) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for logit, y in zip(logits, TARGETS, strict=True):
        p = 1 / (1 + torch.exp(-logit))
        total = total - (y * torch.log(p) + (1 - y) * torch.log(1 - p))
    return total / len(TARGETS)


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(lambda logits: score_head(logits, TARGETS), literal, numbers(4))


def test_on_the_difference_of_yes_and_no_it_is_the_two_token_loss() -> None:
    logits, labels = numbers(4, 2), torch.tensor([1, 0, 0, 1])
    found = score_head(logits[:, 1] - logits[:, 0], labels)
    torch.testing.assert_close(found, yes_no_two_tokens(logits, labels))


def test_extreme_logits_stay_finite() -> None:
    logits = torch.tensor([-500.0, 500.0], requires_grad=True)
    loss = score_head(logits, torch.tensor([1.0, 0.0]))
    loss.backward()
    assert loss.item() == pytest.approx(500)
    assert torch.isfinite(logits.grad).all()
