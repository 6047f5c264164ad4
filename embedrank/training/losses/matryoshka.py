"""Matryoshka wrapper: the same loss on renormalised prefixes of the vectors.

    L = sum_d w_d loss(v[:d] / |v[:d]|)

Source: arXiv 2205.13147. The report trains with it and tells neither dimensions nor weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional


def _equal(dims: Sequence[int]) -> tuple[float, ...]:
    return tuple(1 / len(dims) for _ in dims)


def _root(dims: Sequence[int]) -> tuple[float, ...]:
    return tuple(1 / (len(dims) * math.sqrt(max(dims) / dim)) for dim in dims)


DIM_WEIGHTINGS: Final[Mapping[str, Callable[[Sequence[int]], tuple[float, ...]]]] = MappingProxyType(
    {"equal": _equal, "root": _root}
)
"""Name to weights of prefixes: all alike; or `1 / (n sqrt(D/d))`, a public choice, which favours long ones."""


def matryoshka(
    loss: Callable[..., Tensor], vectors: Sequence[Tensor | None], *, dims: Sequence[int], weights: Sequence[float]
) -> Tensor:
    """Weighted sum of a loss over prefixes.

    Args:
        loss: Takes the truncated, renormalised tensors in the order of `vectors`.
        vectors: Tensors `[..., D]`, or None where the loss takes none.
        dims: Prefix lengths, each at most D.
        weights: One weight per prefix.

    Returns:
        A scalar.
    """
    total = torch.zeros(())
    for dim, weight in zip(dims, weights, strict=True):
        prefixes = [None if full is None else functional.normalize(full[..., :dim], dim=-1) for full in vectors]
        total = total + weight * loss(*prefixes)
    return total
