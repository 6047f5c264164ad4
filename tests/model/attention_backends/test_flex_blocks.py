"""The block masks counted from lengths are those that PyTorch finds by looking at every query and key."""

from __future__ import annotations

import pytest
import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

from embedrank.model.attention_backends import BACKENDS, flex

LENGTHS = (1, 7, 130, 560, 90, 2)
CASES = [(True, 0), (False, 0), (True, 150), (False, 128), (True, 300)]


def _dense(counts: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    chosen = torch.zeros(order.shape[-2:], dtype=torch.bool)
    for row, count in enumerate(counts[0, 0].tolist()):
        chosen[row, order[0, 0, row, :count].long()] = True
    return chosen


@pytest.mark.parametrize("last_only", [False, True])
@pytest.mark.parametrize(("is_causal", "num_prefix"), CASES)
def test_seen_blocks_are_exactly_those_that_hold_a_seen_key(is_causal: bool, num_prefix: int, last_only: bool) -> None:
    plan = BACKENDS["flex"].plan(LENGTHS, is_causal=is_causal, num_prefix=num_prefix)
    ours = plan.last if last_only else plan.everyone
    theirs = create_block_mask(ours.mask_mod, 1, 1, *ours.seq_lengths, device="cpu")
    seen = _dense(ours.kv_num_blocks, ours.kv_indices) | _dense(ours.full_kv_num_blocks, ours.full_kv_indices)
    expected = _dense(theirs.kv_num_blocks, theirs.kv_indices) | _dense(
        theirs.full_kv_num_blocks, theirs.full_kv_indices
    )
    assert torch.equal(seen, expected)


@pytest.mark.parametrize(("is_causal", "num_prefix"), CASES)
def test_blocks_taken_without_a_mask_are_seen_as_a_whole(is_causal: bool, num_prefix: int) -> None:
    ours = BACKENDS["flex"].plan(LENGTHS, is_causal=is_causal, num_prefix=num_prefix).everyone
    theirs = create_block_mask(ours.mask_mod, 1, 1, *ours.seq_lengths, device="cpu")
    full = _dense(ours.full_kv_num_blocks, ours.full_kv_indices)
    allowed = _dense(theirs.full_kv_num_blocks, theirs.full_kv_indices)
    assert not (full & ~allowed).any()
    assert full.any(), "the case shows nothing"


@pytest.mark.slow
@pytest.mark.parametrize("last_only", [False, True])
@pytest.mark.parametrize(("is_causal", "num_prefix"), CASES)
def test_the_compiled_kernel_reads_the_blocks_as_we_mean_them(
    monkeypatch: pytest.MonkeyPatch, is_causal: bool, num_prefix: int, last_only: bool
) -> None:
    torch.compiler.reset()
    # Static shapes: with dynamic ones torch 2.13 writes C++ for CPU that does not compile.
    monkeypatch.setattr(flex, "_attention", lambda device_type: torch.compile(flex_attention, dynamic=False))
    generator = torch.Generator().manual_seed(0)
    rows = (len(LENGTHS) if last_only else sum(LENGTHS), sum(LENGTHS), sum(LENGTHS))
    states = [torch.randn(n, heads, 64, generator=generator) for n, heads in zip(rows, (4, 2, 2), strict=True)]
    prefix = (torch.randn(num_prefix, 2, 64), torch.randn(num_prefix, 2, 64)) if num_prefix else None
    expected, found = (
        BACKENDS[name]
        .plan(LENGTHS, is_causal=is_causal, num_prefix=num_prefix)
        .attend(*states, prefix=prefix, last_only=last_only)
        for name in ("plain", "flex")
    )
    assert (found - expected).abs().max() < 1e-5
