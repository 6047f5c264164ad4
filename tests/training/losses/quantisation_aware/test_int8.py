"""Eight-bit vectors: what an index would store, with the gradient of the identity."""

from __future__ import annotations

import torch

from embedrank.training.losses.quantisation_aware.int8 import int8
from tests.training.losses.formulas import numbers


def test_numbers_are_whole_steps_of_the_vector_s_largest() -> None:
    vectors = numbers(4, 16)
    found = int8(vectors)
    for given, stored in zip(vectors, found, strict=True):
        step = max(abs(x) for x in given.tolist()) / 127
        expected = [round(x / step) * step for x in given.tolist()]
        torch.testing.assert_close(stored, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-15)


def test_the_gradient_passes_straight_through() -> None:
    vectors, pull = numbers(4, 16).requires_grad_(), numbers(4, 16, seed=1)
    (int8(vectors) * pull).sum().backward()
    assert torch.equal(vectors.grad, pull)


def test_zeros_stay_zeros() -> None:
    assert torch.equal(int8(torch.zeros(2, 4)), torch.zeros(2, 4))
