"""Errors of cosines between texts against their formula."""

from __future__ import annotations

import torch
from torch import Tensor

from embedrank.training.losses.distil.similarity import similarity
from tests.training.losses.formulas import assert_equal, numbers

TEACHER = numbers(5, 3, seed=1)


def cos(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b) / (torch.sqrt(a @ a) * torch.sqrt(b @ b))


def literal(student: Tensor) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for i in range(5):
        for j in range(5):
            if i != j:
                total = total + (cos(student[i], student[j]) - cos(TEACHER[i], TEACHER[j])) ** 2
    return total / 20


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(lambda student: similarity(student, TEACHER), literal, numbers(5, 6))


def test_turned_vectors_cost_nothing_and_neither_does_one_text() -> None:
    turn, _ = torch.linalg.qr(numbers(3, 3))
    assert similarity(TEACHER @ turn, TEACHER).item() < 1e-24
    assert similarity(numbers(1, 6), TEACHER[:1]) == 0
