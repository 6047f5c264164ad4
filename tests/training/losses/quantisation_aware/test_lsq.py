"""Learned steps against the formula and its own piecewise gradient, which is not the derivative of its value."""

from __future__ import annotations

import math

import pytest
import torch

from embedrank.training.losses.quantisation_aware.lsq import first_step, lsq
from tests.training.losses.formulas import numbers


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_value_and_both_gradients_equal_the_formula(bits: int) -> None:
    vectors, pull = numbers(3, 8).requires_grad_(), numbers(3, 8, seed=1)
    step = torch.tensor(0.3 if bits < 8 else 0.01, dtype=torch.float64, requires_grad=True)
    found = lsq(vectors, step, bits=bits)
    (found * pull).sum().backward()
    lowest, highest, s = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1, step.item()
    scale = 1 / math.sqrt(8 * highest)
    step_gradient = 0.0
    for i in range(3):
        for j in range(8):
            ratio, weight = vectors[i, j].item() / s, pull[i, j].item()
            clipped = min(max(ratio, lowest), highest)
            assert found[i, j].item() == pytest.approx(round(clipped) * s, abs=1e-12)
            inside = lowest < ratio < highest
            assert vectors.grad[i, j].item() == pytest.approx(weight if inside else 0.0, abs=1e-12)
            step_gradient += weight * scale * (round(ratio) - ratio if inside else clipped)
    assert step.grad.item() == pytest.approx(step_gradient, abs=1e-12)


def test_a_step_of_either_sign_or_of_zero_gives_finite_vectors() -> None:
    vectors = numbers(2, 8)
    one, other = (lsq(vectors, torch.tensor(step, dtype=torch.float64)) for step in (0.1, -0.1))
    assert torch.equal(one, other)
    assert torch.isfinite(lsq(vectors, torch.tensor(0.0, dtype=torch.float64))).all()


def test_the_first_step_is_twice_the_mean_size_over_the_root_of_the_largest_integer() -> None:
    vectors = torch.nn.functional.normalize(numbers(2000, 64), dim=-1)
    assert first_step(64, bits=4) == pytest.approx(2 * vectors.abs().mean().item() / math.sqrt(7), rel=0.01)


def test_learning_the_step_lowers_the_error() -> None:
    vectors = torch.nn.functional.normalize(numbers(200, 32), dim=-1)
    step = torch.tensor(first_step(32, bits=4), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([step], lr=0.002)
    errors = []
    for _ in range(60):
        error = ((lsq(vectors, step, bits=4) - vectors) ** 2).sum()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < 0.9 * errors[0]
