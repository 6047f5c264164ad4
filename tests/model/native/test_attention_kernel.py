"""Attention by the kernel against the plain formula, in all sizes it treats apart, and to the bit beside others."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from embedrank.model.attention_backends import BACKENDS
from embedrank.model.attention_backends.native import NativeAttention
from embedrank.model.native.kernels import Kernels

LENGTHS = (1, 2, 7, 16, 33, 119, 120, 121, 300)
SHAPES = ((16, 8, 128), (5, 5, 64), (4, 2, 16), (6, 1, 10), (3, 3, 80))
TOLERANCES = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
States = tuple[Tensor, Tensor, Tensor]


def states_of(shape: tuple[int, int, int], lengths: tuple[int, ...], dtype: torch.dtype = torch.float32) -> States:
    generator = torch.Generator().manual_seed(0)
    num_heads, num_groups, head_dim = shape
    queries, keys, values = (
        torch.randn(sum(lengths), heads, head_dim, generator=generator).to(dtype)
        for heads in (num_heads, num_groups, num_groups)
    )
    return queries, keys, values


def attend(states: States, lengths: tuple[int, ...], *, name: str = "native", is_causal: bool = True) -> Tensor:
    mixed: Tensor = BACKENDS[name].plan(lengths, is_causal=is_causal).attend(*states)
    return mixed


@pytest.mark.parametrize("dtype", list(TOLERANCES), ids=str)
@pytest.mark.parametrize("is_causal", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@torch.inference_mode()
def test_it_equals_the_plain_formula(
    kernels: Kernels, threads: int, shape: tuple[int, int, int], is_causal: bool, dtype: torch.dtype
) -> None:
    states = states_of(shape, LENGTHS, dtype)
    exact = tuple(part.float() for part in states)
    expected = attend(exact, LENGTHS, name="plain", is_causal=is_causal)  # type: ignore[arg-type]
    found = attend(states, LENGTHS, is_causal=is_causal)
    assert found.dtype == dtype
    assert (found.float() - expected).abs().max() < TOLERANCES[dtype]


@pytest.mark.parametrize("last_only", [False, True])
@pytest.mark.parametrize("num_prefix", [1, 119, 250])
@torch.inference_mode()
def test_a_prefix_is_seen_by_all(kernels: Kernels, num_prefix: int, last_only: bool) -> None:
    shape = (4, 2, 24)
    queries, keys, values = states_of(shape, LENGTHS)
    _, *prefix = states_of(shape, (num_prefix,))
    queries = queries[: len(LENGTHS)] if last_only else queries
    expected, found = (
        BACKENDS[name]
        .plan(LENGTHS, is_causal=True, num_prefix=num_prefix)
        .attend(queries, keys, values, prefix=(prefix[0], prefix[1]), last_only=last_only)
        for name in ("plain", "native")
    )
    assert (found - expected).abs().max() < TOLERANCES[torch.float32]


@pytest.mark.parametrize("dtype", list(TOLERANCES), ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@torch.inference_mode()
def test_a_sequence_is_equal_to_the_bit_alone_and_among_others(
    kernels: Kernels, threads: int, shape: tuple[int, int, int], dtype: torch.dtype
) -> None:
    states = states_of(shape, LENGTHS, dtype)
    together = attend(states, LENGTHS)
    for start, length in zip(itertools.accumulate(LENGTHS, initial=0), LENGTHS, strict=False):
        own = slice(start, start + length)
        alone = attend((states[0][own], states[1][own], states[2][own]), (length,))
        assert torch.equal(alone, together[own])


@torch.inference_mode()
def test_a_query_is_equal_to_the_bit_in_whatever_chunk_it_stands(kernels: Kernels) -> None:
    length = 300
    states = states_of((4, 2, 16), (length,))
    whole = attend(states, (length,))
    for num_queries in (1, 7, 64):
        chunks = torch.tensor(
            [(first, min(num_queries, length - first), 0, first + 1) for first in range(0, length, num_queries)]
        )
        assert torch.equal(kernels.attend(*states, chunks, is_causal=True), whole)
    last = BACKENDS["native"].plan((length,), is_causal=True).attend(states[0][-1:], *states[1:], last_only=True)
    assert torch.equal(last, whole[-1:])


@torch.inference_mode()
def test_large_scores_do_not_overflow_and_small_ones_vanish(kernels: Kernels) -> None:
    queries, keys, values = states_of((2, 2, 16), (200,))
    states = (queries * 40, keys * 40, values)
    found, expected = attend(states, (200,)), attend(states, (200,), name="plain")
    assert found.isfinite().all()
    assert (found - expected).abs().max() < 2e-3  # scores of thousands carry rounding of that size


@torch.inference_mode()
def test_what_is_not_a_number_shows_in_its_own_sequence_only(kernels: Kernels) -> None:
    lengths = (20, 30, 40)
    queries, keys, values = states_of((4, 2, 16), lengths)
    keys[20] = float("nan")
    mixed = attend((queries, keys, values), lengths)
    assert mixed[20:50].isnan().all()
    assert mixed[:20].isfinite().all() and mixed[50:].isfinite().all()


@torch.inference_mode()
def test_states_that_are_not_contiguous_are_read_right(kernels: Kernels) -> None:
    lengths = (9, 40)
    states = states_of((4, 2, 16), lengths)
    apart = tuple(part.transpose(0, 1).contiguous().transpose(0, 1) for part in states)
    assert not apart[0].is_contiguous()
    assert torch.equal(attend(apart, lengths), attend(states, lengths))  # type: ignore[arg-type]


@torch.inference_mode()
def test_more_shared_heads_than_the_kernel_takes_are_left_to_groups(kernels: Kernels) -> None:
    shape = (512, 1, 8)
    assert kernels.chunk_queries(*shape[:2]) == 0
    states = states_of(shape, (5, 9))
    assert (attend(states, (5, 9)) - attend(states, (5, 9), name="plain")).abs().max() < TOLERANCES[torch.float32]


def test_gradients_are_recorded_by_the_plain_way(kernels: Kernels) -> None:
    states = tuple(part.requires_grad_() for part in states_of((4, 2, 16), (5, 9)))
    attend(states, (5, 9)).sum().backward()  # type: ignore[arg-type]
    assert all(part.grad is not None and part.grad.abs().sum() > 0 for part in states[2:])


def test_it_refuses_devices_and_types_that_it_does_not_know() -> None:
    backend = NativeAttention()
    cuda, cpu = torch.device("cuda"), torch.device("cpu")
    assert "needs a CPU" in (backend.obstacle(device=cuda, dtype=torch.float32, head_dim=64) or "")
    assert "fp32 or bf16" in (backend.obstacle(device=cpu, dtype=torch.float16, head_dim=64) or "")
