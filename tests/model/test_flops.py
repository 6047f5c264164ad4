"""Counted operations are those that PyTorch's counter sees."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from embedrank.model.attention_backends import BACKENDS
from embedrank.model.flops import Flops, forward_flops
from embedrank.model.packing import Pack
from tests.model.conftest import pico_config, pico_decoder

LENGTHS = (3, 8, 8, 21)


def _counted(is_causal: bool, last_only: bool) -> tuple[int, int]:
    decoder = pico_decoder(is_causal=is_causal)
    decoder.attention = BACKENDS["plain"]  # its products are batched ones, those with weights are not
    pack = Pack.of([list(range(length)) for length in LENGTHS])
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        if last_only:
            decoder(pack)
        else:
            decoder.all_positions(pack)
    counts = {str(op): flops for op, flops in counter.get_flop_counts()["Global"].items()}
    return counts["aten.mm"], counts["aten.bmm"]


@pytest.mark.parametrize("last_only", [True, False])
def test_linear_operations_equal_those_that_pytorch_counts(last_only: bool) -> None:
    linear, _ = _counted(is_causal=True, last_only=last_only)
    assert linear > 0
    assert forward_flops(pico_config(), LENGTHS, last_only=last_only).linear == linear


@pytest.mark.parametrize("last_only", [True, False])
def test_attention_operations_equal_those_that_pytorch_counts_without_a_mask(last_only: bool) -> None:
    _, attention = _counted(is_causal=False, last_only=last_only)
    assert attention > 0
    assert forward_flops(pico_config(is_causal=False), LENGTHS, last_only=last_only).attention == attention


def test_a_causal_mask_leaves_pairs_below_the_diagonal_only() -> None:
    config = pico_config(num_hidden_layers=1)
    whole = forward_flops(config, [4], last_only=False).attention
    assert whole == 4 * config.num_attention_heads * config.head_dim * (1 + 2 + 3 + 4)


def test_a_prefix_costs_attention_only_and_as_much_as_in_one_piece() -> None:
    config = pico_config()
    behind = forward_flops(config, [7], num_prefix=5, last_only=False)
    front = forward_flops(config, [5], last_only=False)
    assert behind + front == forward_flops(config, [12], last_only=False)


def test_utilisation_is_the_share_of_the_peak() -> None:
    assert Flops(linear=30, attention=30).utilisation(seconds=2.0, peak=50.0) == pytest.approx(0.6)
