"""Norms and rotation by the kernels against the plain formulas in float64, and each row alone against all."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from embedrank.model.native.kernels import Kernels
from embedrank.model.rope import rope_tables

EPS = 1e-6
TOLERANCES = {torch.float32: 2e-6, torch.bfloat16: 2**-8}  # relative to the largest number; half a step of the type
SIZES = (1, 2, 21, 64, 320, 1024)
HEADS = ((1, 2), (5, 64), (3, 22), (16, 128), (2, 10))


def numbers(*shape: int, dtype: torch.dtype, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def exact_norm(states: Tensor, weight: Tensor) -> Tensor:
    states = states.double()
    return states * torch.rsqrt(states.square().mean(-1, keepdim=True) + EPS) * weight.double()


def exact_rotation(states: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    first, second = states.chunk(2, dim=-1)
    cosines, sines = cosines.double(), sines.double()
    return torch.cat((first * cosines - second * sines, second * cosines + first * sines), dim=-1)


def assert_close(found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape
    assert (found.double() - expected).abs().max() <= TOLERANCES[found.dtype] * expected.abs().max()


@pytest.mark.parametrize("dtype", list(TOLERANCES), ids=str)
@pytest.mark.parametrize("size", SIZES)
@torch.inference_mode()
def test_norms_equal_the_formula(kernels: Kernels, threads: int, size: int, dtype: torch.dtype) -> None:
    states, weight = numbers(150, size, dtype=dtype), numbers(size, dtype=dtype, seed=1)
    assert_close(kernels.norm(states, weight, EPS), exact_norm(states, weight))


@pytest.mark.parametrize("dtype", list(TOLERANCES), ids=str)
@pytest.mark.parametrize(("num_heads", "head_dim"), HEADS)
@torch.inference_mode()
def test_norms_with_rotation_equal_the_formulas(
    kernels: Kernels, threads: int, num_heads: int, head_dim: int, dtype: torch.dtype
) -> None:
    states, weight = numbers(40, num_heads, head_dim, dtype=dtype), numbers(head_dim, dtype=dtype, seed=1)
    tables = rope_tables(torch.arange(40) * 7, head_dim=head_dim, theta=1e6, dtype=dtype)
    expected = exact_rotation(exact_norm(states, weight), *tables)
    assert_close(kernels.norm_rotate(states, weight, EPS, *tables), expected)


@torch.inference_mode()
def test_inputs_that_are_not_contiguous_are_read_and_left_as_they_were(kernels: Kernels) -> None:
    wide, weight = numbers(9, 4, 48, dtype=torch.float32), numbers(24, dtype=torch.float32, seed=1)
    part, before = wide[:, 1:3, ::2], wide.clone()
    tables = rope_tables(torch.arange(9), head_dim=24, theta=1e4, dtype=torch.float32)
    assert_close(kernels.norm(part, weight, EPS), exact_norm(part, weight))
    rotated = kernels.norm_rotate(part, weight, EPS, *tables)
    assert_close(rotated, exact_rotation(exact_norm(part, weight), *tables))
    assert torch.equal(wide, before)


@pytest.mark.parametrize("dtype", list(TOLERANCES), ids=str)
@torch.inference_mode()
def test_a_row_is_equal_to_the_bit_alone_and_among_others(kernels: Kernels, threads: int, dtype: torch.dtype) -> None:
    states, weight = numbers(200, 5, 22, dtype=dtype), numbers(22, dtype=dtype, seed=1)
    tables = rope_tables(torch.arange(200), head_dim=22, theta=1e4, dtype=dtype)
    normed = kernels.norm(states, weight, EPS)
    rotated = kernels.norm_rotate(states.clone(), weight, EPS, *tables)
    for row in (0, 63, 64, 199):
        one = slice(row, row + 1)
        assert torch.equal(kernels.norm(states[one], weight, EPS), normed[one])
        own_tables = (tables[0][one], tables[1][one])
        assert torch.equal(kernels.norm_rotate(states[one].clone(), weight, EPS, *own_tables), rotated[one])


@pytest.mark.parametrize("dtype", list(TOLERANCES), ids=str)
@torch.inference_mode()
def test_what_is_not_finite_stays_visible(kernels: Kernels, dtype: torch.dtype) -> None:
    states, weight = numbers(3, 40, dtype=dtype), numbers(40, dtype=dtype, seed=1)
    states[1, 7] = float("nan")
    normed = kernels.norm(states, weight, EPS)
    assert normed[1].isnan().all() and normed[[0, 2]].isfinite().all()


@torch.inference_mode()
def test_no_rows_at_all_are_no_trouble(kernels: Kernels) -> None:
    assert kernels.norm(torch.empty(0, 8), torch.ones(8), EPS).shape == (0, 8)
