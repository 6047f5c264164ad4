"""TIES: of each task vector keep the largest numbers, agree on a sign for each place, average those that have it.

Shape suffixes: N parents, E numbers of a part of a tensor.
Source: TIES-Merging, arXiv 2306.01708.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

_HALF = 1 << 16


def ties(vectors_NE: Tensor, thresholds_N: Tensor, shares_N: Tensor) -> Tensor:
    """Merge task vectors.

    Args:
        vectors_NE: Task vectors, or a part of them.
        thresholds_N: Numbers of a smaller size are trimmed; float32, from `threshold`.
        shares_N: Weights of the parents.

    Returns:
        The merged task vector `[E]`.
    """
    kept_NE = torch.where(vectors_NE.abs().float() >= thresholds_N[:, None], vectors_NE, torch.zeros_like(vectors_NE))
    weighted_NE = kept_NE * shares_N[:, None]
    sign_E = weighted_NE.sum(0).sign()
    agrees_NE = (kept_NE.sign() == sign_E) & (sign_E != 0)
    shares_E = (agrees_NE * shares_N[:, None]).sum(0)
    sums_E = torch.where(agrees_NE, weighted_NE, torch.zeros_like(weighted_NE)).sum(0)
    return torch.where(shares_E > 0, sums_E / shares_E.clamp(min=1e-300), torch.zeros_like(sums_E))


def threshold(parts: Callable[[], Iterable[Tensor]], num_numbers: int, density: float) -> float:
    """The smallest size that is kept, exactly, without holding the whole vector.

    The bits of a float32 that is not negative sort as the number does, so that two counts, of their upper and of their
    lower halves, find the number at any rank.

    Args:
        parts: The vector part by part; called twice.
        num_numbers: Their number.
        density: Share to keep, above 0, at most 1.

    Returns:
        A size as float32 has it.
    """
    rank = max(1, round(num_numbers * density))  # from the largest
    upper, rank = _place(_counts(parts, lambda bits: bits >> 16), rank)
    lower, _ = _place(_counts(parts, lambda bits: bits[bits >> 16 == upper] & (_HALF - 1)), rank)
    return float(torch.tensor([upper << 16 | lower], dtype=torch.int32).view(torch.float32)[0])


def _counts(parts: Callable[[], Iterable[Tensor]], select: Callable[[Tensor], Tensor]) -> Tensor:
    counts = torch.zeros(_HALF, dtype=torch.int64)
    for part in parts():
        bits = part.abs().to(torch.float32).view(torch.int32).to(torch.int64)
        counts += torch.bincount(select(bits), minlength=_HALF)
    return counts


def _place(counts: Tensor, rank: int) -> tuple[int, int]:
    """The class that holds the number of that rank from above, and its rank within the class."""
    from_above = counts.flip(0).cumsum(0)
    place = int((from_above < rank).sum())
    before = int(from_above[place - 1]) if place else 0
    return _HALF - 1 - place, rank - before
