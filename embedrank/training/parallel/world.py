"""The processes of a run. Without `torch.distributed` a run is a world of one, in which nothing is exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import distributed

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """This process among all of a run.

    Attributes:
        rank: Its number, 0 to `size - 1`.
        size: Number of processes.
    """

    rank: int = 0
    size: int = 1

    @classmethod
    def current(cls) -> World:
        """The world as it is now."""
        if not (distributed.is_available() and distributed.is_initialized()):
            return cls()
        return cls(rank=distributed.get_rank(), size=distributed.get_world_size())

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that speaks for all."""
        return self.rank == 0

    def total(self, value: float, *, device: torch.device | str = "cpu") -> float:
        """Sum of a number over all processes."""
        return self._reduced(value, distributed.ReduceOp.SUM, device) if self.size > 1 else value

    def highest(self, value: float, *, device: torch.device | str = "cpu") -> float:
        """Largest of a number over all processes."""
        return self._reduced(value, distributed.ReduceOp.MAX, device) if self.size > 1 else value

    def of_all(self, value: T) -> list[T]:
        """A picklable value of each process, by rank."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        distributed.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Go on when all processes are here."""
        if self.size > 1:
            distributed.barrier()

    def _reduced(self, value: float, operation: Any, device: torch.device | str) -> float:
        held = torch.tensor(value, dtype=torch.float64, device=device)
        distributed.all_reduce(held, op=operation)
        return float(held)


@contextmanager
def joined(device: torch.device | str = "cpu") -> Iterator[World]:
    """Take part in the run that torchrun started; a world of one where it did not.

    Args:
        device: Kind of device that trains: gloo speaks for processors, NCCL for GPUs, of which each process gets one.

    Yields:
        The world.
    """
    if not (distributed.is_available() and distributed.is_torchelastic_launched()):
        yield World()
        return
    on_gpu = torch.device(device).type == "cuda"
    distributed.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo")
    try:
        if on_gpu:
            torch.cuda.set_device(distributed.get_node_local_rank())
        yield World.current()
    finally:
        distributed.destroy_process_group()
