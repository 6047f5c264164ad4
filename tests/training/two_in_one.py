"""Two processes of a run as two threads of a test: what they tell each other goes through a barrier.

Vectors are not gathered; the test lays those of both threads end to end, as gathering does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from embedrank.training.packed_batch import PackedBatch
from embedrank.training.parallel.world import World
from embedrank.training.rows import TrainingRow


@dataclass(frozen=True, kw_only=True)
class Threaded(World):
    """A world whose processes are threads."""

    told: list[Any]
    barrier: threading.Barrier

    def of_all(self, value: Any) -> list[Any]:
        self.told[self.rank] = value
        self.barrier.wait()
        told = list(self.told)
        self.barrier.wait()
        return told

    def _reduced(self, value: float, operation: Any, device: Any) -> float:
        assert operation == torch.distributed.ReduceOp.SUM
        return float(sum(self.of_all(value)))


Prepare = Callable[[Sequence[TrainingRow]], PackedBatch]
Shares = Sequence[Sequence[TrainingRow]]


def loss_of_two(prepare: Prepare, shares: Shares, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """The mean of both processes' losses, each seeing the vectors of both."""
    batches = _prepared(prepare, shares, monkeypatch)
    vectors = torch.cat([batch.vectors() for batch in batches])
    return torch.stack([term(vectors) for batch in batches for term in batch.terms]).sum() / 2


def loss_of_two_apart(prepare: Prepare, shares: Shares, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """The mean of both processes' losses, each seeing its own vectors only."""
    return torch.stack([batch.loss() for batch in _prepared(prepare, shares, monkeypatch)]).mean()


def _prepared(prepare: Prepare, shares: Shares, monkeypatch: pytest.MonkeyPatch) -> list[PackedBatch]:
    told, barrier = [None, None], threading.Barrier(2, timeout=30)
    place = threading.local()
    batches: dict[int, PackedBatch] = {}
    errors: list[BaseException] = []

    def work(rank: int) -> None:
        place.world = Threaded(rank=rank, size=2, told=told, barrier=barrier)
        try:
            batches[rank] = prepare(shares[rank])
        except BaseException as error:
            errors.append(error)
            barrier.abort()

    with monkeypatch.context() as patch:
        patch.setattr(World, "current", staticmethod(lambda: place.world))
        threads = [threading.Thread(target=work, args=(rank,)) for rank in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    return [batches[0], batches[1]]
