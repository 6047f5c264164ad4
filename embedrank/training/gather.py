"""Rows of all processes, with gradients that find their way home.

Every process computes losses on the rows of all, so the gradient of a row is made in parts, one on each process. On the
way back the parts are summed and each process gets the sum of its own rows. The loop averages gradients over processes:
where the mean of the processes' losses is the loss of the whole batch, so is the gradient.

Shape suffixes: N rows of this process, A rows of all, D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, distributed
from torch.nn import functional

from embedrank.training.parallel.world import World


def gather_rows(rows_ND: Tensor, *, detached: bool = False) -> Tensor:
    """Rows of all processes, by rank; processes may hold different numbers of them.

    Args:
        rows_ND: This process's rows; a world of one gets them back as they are.
        detached: Whether rows of other processes carry no gradient home. Cheaper, but the gradient is then only part of
            that of the whole batch.

    Returns:
        `[A, D]`.
    """
    world = World.current()
    if world.size == 1:
        return rows_ND
    counts = _counts(rows_ND)
    if not detached:
        gathered: Tensor = _GatherRows.apply(rows_ND, counts, world)  # type: ignore[no-untyped-call]
        return gathered
    parts = list(_all_rows(rows_ND.detach(), counts).split(counts))
    parts[world.rank] = rows_ND
    return torch.cat(parts)


def mean_over_processes(count: int, world: World, *, device: torch.device | str = "cpu") -> float:
    """What a process's mean over its own items is multiplied with, so that the mean over processes is that over all.

    Args:
        count: Items of this process; others may have more or fewer.
        world: The processes.
        device: Where processes exchange numbers.

    Returns:
        1 where all have equally many.
    """
    return count * world.size / world.total(count, device=device)


class _GatherRows(torch.autograd.Function):
    """All-gather; on the way back a sum over processes, of which each takes its own rows."""

    @staticmethod
    def forward(ctx: Any, rows_ND: Tensor, counts: list[int], world: World) -> Tensor:
        ctx.counts, ctx.rank = counts, world.rank
        return _all_rows(rows_ND, counts)

    @staticmethod
    def backward(ctx: Any, grad_AD: Tensor) -> tuple[Tensor, None, None]:
        longest = max(ctx.counts)
        own = grad_AD.new_empty(longest, grad_AD.shape[1])
        distributed.reduce_scatter(own, [_padded(part, longest) for part in grad_AD.split(ctx.counts)])
        return own[: ctx.counts[ctx.rank]], None, None


def _all_rows(rows_ND: Tensor, counts: Sequence[int]) -> Tensor:
    longest = max(counts)
    padded = [rows_ND.new_empty(longest, rows_ND.shape[1]) for _ in counts]
    distributed.all_gather(padded, _padded(rows_ND, longest))
    return torch.cat([part[:count] for part, count in zip(padded, counts, strict=True)])


def _padded(rows_ND: Tensor, length: int) -> Tensor:
    return functional.pad(rows_ND, (0, 0, 0, length - rows_ND.shape[0])).contiguous()


def _counts(rows_ND: Tensor) -> list[int]:
    own = torch.tensor([rows_ND.shape[0]], device=rows_ND.device)
    every = [torch.empty_like(own) for _ in range(distributed.get_world_size())]
    distributed.all_gather(every, own)
    return [int(count) for count in every]
