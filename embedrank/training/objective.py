"""What the loop asks of a task: modules to train, and a loss for a batch of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from embedrank.training.packed_batch import PackedBatch
from embedrank.training.reading import Reading
from embedrank.training.rows import TrainingRow


class Objective(Protocol):
    """A training task. `module` holds every parameter that learns."""

    @property
    def module(self) -> nn.Module:
        """The parameters."""
        ...

    def loss(self, rows: Sequence[TrainingRow]) -> Tensor:
        """A scalar for this process's rows of one batch, with a graph; the mean over processes is the batch's loss."""
        ...


@runtime_checkable
class PackedObjective(Objective, Protocol):
    """A task whose steps can be cut into passes, and whose rows can be read ahead."""

    @property
    def reading(self) -> Reading[Any]:
        """How `prepare` reads rows."""
        ...

    def prepare(self, rows: Sequence[TrainingRow]) -> PackedBatch:
        """A batch made ready; its `loss` is the task's loss of these rows."""
        ...
