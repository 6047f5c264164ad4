"""Squared errors of margins against their formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from embedrank.core.errors import ConfigError
from embedrank.training.losses.distil.candidate_scores import CandidateScores
from embedrank.training.losses.distil.margin_mse import MarginMSEConfig, margin_mse
from tests.training.losses.formulas import assert_equal, numbers

MASK = torch.tensor([[True, True, True, True], [True, False, True, False], [True, False, False, False]])
CONFIG = MarginMSEConfig(scale=3.0)
TEACHER = numbers(3, 4, seed=1)


def literal(student: Tensor) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for r in range(3):
        there = [c for c in range(1, 4) if MASK[r, c]]
        for c in there:
            error = CONFIG.scale * (student[r, 0] - student[r, c]) - (TEACHER[r, 0] - TEACHER[r, c])
            total = total + error**2 / len(there)
    return total / 3


def test_value_and_gradient_equal_the_formula() -> None:
    assert_equal(
        lambda student: margin_mse(CandidateScores(student_RC=student, teacher_RC=TEACHER, mask_RC=MASK), CONFIG),
        literal,
        numbers(3, 4),
    )


def test_a_constant_added_to_the_teacher_changes_nothing() -> None:
    student = numbers(3, 4)
    one = CandidateScores(student_RC=student, teacher_RC=TEACHER, mask_RC=MASK)
    other = CandidateScores(student_RC=student, teacher_RC=TEACHER + 7, mask_RC=MASK)
    torch.testing.assert_close(margin_mse(one, CONFIG), margin_mse(other, CONFIG))


def test_a_positive_alone_costs_nothing_and_the_scale_is_positive() -> None:
    alone = CandidateScores(student_RC=torch.ones(2, 1), teacher_RC=torch.ones(2, 1), mask_RC=torch.ones(2, 1).bool())
    assert margin_mse(alone, CONFIG) == 0
    with pytest.raises(ConfigError, match="scale"):
        MarginMSEConfig(scale=0.0)
