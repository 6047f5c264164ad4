"""Activations in bytes: their range, and that they are made once for all that read them."""

from __future__ import annotations

import pytest
import torch

from embedrank.model.quantise.token_rows import TokenQuantiser, to_token_rows


def test_bytes_stay_within_their_range() -> None:
    rows, scale = to_token_rows(torch.tensor([[3.0, -3.0, 0.0], [1e30, -1e30, 1.0]]))
    assert rows.tolist() == [[255, 1, 128], [255, 1, 128]]
    assert scale.flatten().tolist() == pytest.approx([3 / 127, 1e30 / 127])


@torch.inference_mode()
def test_the_same_activations_are_quantised_once() -> None:
    quantiser, states = TokenQuantiser(), torch.randn(5, 8)
    assert quantiser(states)[0] is quantiser(states)[0]
    assert quantiser(states)[0] is not quantiser(states.clone())[0]
