"""What the loop asks of a task: modules to train, and a loss for a batch of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor, nn

from embedrank.training.rows import TrainingRow


class Objective(Protocol):
    """A training task. `module` holds every parameter that learns."""

    @property
    def module(self) -> nn.Module:
        """The parameters."""
        ...

    def loss(self, rows: Sequence[TrainingRow]) -> Tensor:
        """A scalar for one batch, with a graph."""
        ...
