"""Divergence of the student's choice from the teacher's against its formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from embedrank.core.errors import ConfigError
from embedrank.training.losses.distil.candidate_scores import CandidateScores
from embedrank.training.losses.distil.kl import KLConfig, kl
from tests.training.losses.formulas import assert_equal, numbers

MASK = torch.tensor([[True, True, True, True], [True, False, True, False], [True, False, False, False]])
CONFIG = KLConfig(temperature=0.5, teacher_temperature=2.0)


def literal(student: Tensor, teacher: Tensor) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for r in range(3):
        there = [c for c in range(4) if MASK[r, c]]
        s = [torch.exp(student[r, c] / CONFIG.temperature) for c in there]
        p = [torch.exp(teacher[r, c] / CONFIG.teacher_temperature) for c in there]
        for s_c, p_c in zip(s, p, strict=True):
            total = total + p_c / sum(p) * (torch.log(p_c / sum(p)) - torch.log(s_c / sum(s)))
    return total / 3


def ours(student: Tensor, teacher: Tensor) -> Tensor:
    return kl(CandidateScores(student_RC=student, teacher_RC=teacher, mask_RC=MASK), CONFIG)


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(ours, literal, numbers(3, 4), numbers(3, 4, seed=1))


def test_a_student_that_agrees_costs_nothing() -> None:
    teacher = numbers(3, 4)
    assert ours(teacher * CONFIG.temperature / CONFIG.teacher_temperature, teacher).item() == pytest.approx(
        0, abs=1e-15
    )


def test_a_teacher_that_is_all_but_certain_stays_finite() -> None:
    student = torch.zeros(1, 3, requires_grad=True)
    teacher = torch.tensor([[900.0, -900.0, 0.0]])
    loss = kl(CandidateScores(student_RC=student, teacher_RC=teacher, mask_RC=torch.ones(1, 3).bool()), KLConfig())
    loss.backward()
    assert loss.item() == pytest.approx(torch.tensor(3.0).log().item())
    assert torch.isfinite(student.grad).all()


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"teacher_temperature": -1.0}])
def test_temperatures_must_be_positive(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="temperature"):
        KLConfig(**wrong)
