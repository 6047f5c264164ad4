"""Distance of directions against its formula."""

from __future__ import annotations

import torch
from torch import Tensor

from embedrank.training.losses.distil.cosine import cosine
from tests.training.losses.formulas import assert_equal, numbers

TEACHER = numbers(5, 6, seed=1)


def literal(student: Tensor) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for v, u in zip(student, TEACHER, strict=True):
        total = total + 1 - sum(v * u) / (torch.sqrt(sum(v * v)) * torch.sqrt(sum(u * u)))
    return total / len(TEACHER)


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(lambda student: cosine(student, TEACHER), literal, numbers(5, 6))


def test_lengths_do_not_count_and_no_gradient_reaches_the_teacher() -> None:
    teacher = TEACHER.clone().requires_grad_()
    student = (3 * TEACHER).requires_grad_()
    loss = cosine(student, teacher)
    loss.backward()
    assert abs(loss.item()) < 1e-15
    assert teacher.grad is None


def test_a_vector_of_zeros_stays_finite() -> None:
    student = torch.zeros(1, 4, requires_grad=True)
    cosine(student, torch.ones(1, 4)).backward()
    assert torch.isfinite(student.grad).all()
