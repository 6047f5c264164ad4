"""Vectors of signs, with the gradient of the identity."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from embedrank.training.losses.quantisation_aware.binary import binary
from tests.training.losses.formulas import numbers


def test_vectors_are_unit_and_their_cosines_tell_differing_bits() -> None:
    vectors = numbers(3, 32)
    vectors[0, 0] = 0.0
    stored = binary(vectors)
    bits = np.packbits(vectors.numpy() > 0, axis=1)
    for i in range(3):
        for j in range(3):
            differing = int(np.unpackbits(bits[i] ^ bits[j]).sum())
            assert (stored[i] @ stored[j]).item() == pytest.approx(1 - 2 * differing / 32)


def test_the_gradient_passes_straight_through() -> None:
    vectors, pull = numbers(4, 16).requires_grad_(), numbers(4, 16, seed=1)
    (binary(vectors) * pull).sum().backward()
    assert torch.equal(vectors.grad, pull)
