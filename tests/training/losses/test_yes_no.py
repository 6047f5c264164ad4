"""Both forms are the log of the right answer; logits of all pairs are never held at once."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from embedrank.training.losses.yes_no import yes_no_full_vocabulary, yes_no_two_tokens
from tests.training.losses.formulas import assert_equal, numbers

LABELS = torch.tensor([1, 0, 1, 1, 0])
YES, NO = 7, 4


def literal(logits: Tensor, yes: int, no: int) -> Tensor:
    total = torch.zeros((), dtype=logits.dtype)
    for i, label in enumerate(LABELS.tolist()):
        total = total - torch.log(torch.exp(logits[i, yes if label else no]) / sum(torch.exp(x) for x in logits[i]))
    return total / len(LABELS)


def test_over_two_tokens_value_and_gradient_equal_the_formula() -> None:
    assert_equal(lambda logits: yes_no_two_tokens(logits, LABELS), partial(literal, yes=1, no=0), numbers(5, 2))


@pytest.mark.parametrize("pairs_at_once", [1, 2, 64])
def test_over_the_vocabulary_value_and_gradient_equal_the_formula(pairs_at_once: int) -> None:
    assert_equal(
        lambda hidden, head: yes_no_full_vocabulary(
            hidden, head, LABELS, yes_id=YES, no_id=NO, pairs_at_once=pairs_at_once
        ),
        lambda hidden, head: literal(hidden @ head.T, YES, NO),
        numbers(5, 6),
        numbers(10, 6, seed=1),
    )


def test_no_tensor_of_all_logits_is_kept_for_the_way_back() -> None:
    kept: list[int] = []

    def pack(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    hidden, head = numbers(64, 6).requires_grad_(), numbers(5000, 6).requires_grad_()
    labels = torch.ones(64)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yes_no_full_vocabulary(hidden, head, labels, yes_id=YES, no_id=NO, pairs_at_once=4)
    assert max(kept, default=0) <= max(hidden.numel(), head.numel())


def test_extreme_logits_stay_finite() -> None:
    logits = torch.tensor([[300.0, -300.0]] * 5, requires_grad=True)
    loss = yes_no_two_tokens(logits, LABELS)
    loss.backward()
    assert loss.item() == pytest.approx(360)
    assert torch.isfinite(logits.grad).all()
