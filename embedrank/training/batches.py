"""What the loop asks of a stream of batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from embedrank.training.rows import TrainingRow


class Batches(Protocol):
    """An endless stream that can go on from its counters."""

    def next_batch(self) -> list[TrainingRow]:
        """This process's rows of the next batch, at least one."""
        ...

    def state(self) -> dict[str, Any]:
        """Counters to save with a checkpoint, the same on all processes."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from saved counters, which may come from another number of processes."""
        ...
