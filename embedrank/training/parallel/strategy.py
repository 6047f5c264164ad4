"""What the loop asks of a way to keep weights on several devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor


class Strategy(Protocol):
    """Keeps the gradients of all processes alike: the mean over processes of each one's gradient.

    Attributes:
        equal_passes: Whether every process must run the model equally often, because running it exchanges weights.
    """

    equal_passes: bool

    def synchronised(self, compute: Callable[[], Tensor]) -> Tensor:
        """The result of `compute`, whose way back is a step's last: after it gradients are exchanged."""
        ...

    def settle(self) -> None:
        """Drop copies of weights that the next change of weights would make stale."""
        ...
