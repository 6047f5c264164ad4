"""One process: nothing to exchange."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor


class Alone:
    """The strategy of a world of one."""

    equal_passes = False

    def synchronised(self, compute: Callable[[], Tensor]) -> Tensor:
        """As `Strategy.synchronised`."""
        return compute()

    def settle(self) -> None:
        """As `Strategy.settle`."""
