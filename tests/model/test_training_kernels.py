"""Norms and rotations that write their own way back have the values and gradients of the plain formulas."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from embedrank.model.norm import RMSNorm
from embedrank.model.rope import rope_tables, rotate

NEAR = {torch.float32: 2e-6, torch.bfloat16: 2e-2}


def pulled_back(of: Callable[..., Tensor], *inputs: Tensor) -> list[Tensor]:
    """The result, and the gradients of a weighted sum of it."""
    leaves = [tensor.detach().clone().requires_grad_() for tensor in inputs]
    result = of(*leaves)
    (result * torch.linspace(-1, 2, result.numel(), dtype=result.dtype).view(result.shape)).sum().backward()
    return [result.detach(), *[leaf.grad for leaf in leaves if leaf.grad is not None]]


def assert_near(found: list[Tensor], expected: list[Tensor], dtype: torch.dtype) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype is dtype
        assert (one.double() - other.double()).abs().max() <= NEAR[dtype] * other.double().abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(7, 48), (7, 3, 16)])
def test_a_norm_learns_as_the_formula_does(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    norm = RMSNorm(shape[-1], eps=1e-6)
    states, weight = 3 * torch.randn(shape, dtype=dtype), torch.rand(shape[-1], dtype=dtype) + 0.5

    def ours(states: Tensor, weight: Tensor) -> Tensor:
        return torch.func.functional_call(norm, {"weight": weight}, (states,))

    def plain(states: Tensor, weight: Tensor) -> Tensor:
        return functional.rms_norm(states, shape[-1:], weight, 1e-6)

    expected = pulled_back(plain, states.double(), weight.double())
    assert_near(pulled_back(ours, states, weight), expected, dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_rotation_learns_as_the_formula_does(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    states = torch.randn(9, 3, 16, dtype=dtype)
    positions = torch.tensor([0, 1, 2, 3, 0, 1, 2, 700, 701])
    tables = rope_tables(positions, head_dim=16, theta=1e4, dtype=dtype)

    def plain(states: Tensor) -> Tensor:
        cos, sin = (table.double() for table in tables)
        first, second = states.chunk(2, dim=-1)
        return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)

    expected = pulled_back(plain, states.double())
    assert_near(pulled_back(lambda states: rotate(states, *tables), states), expected, dtype)
