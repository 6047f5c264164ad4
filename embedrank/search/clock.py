"""How long each stage of one search took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageClock:
    """Adds up the wall time of stages by name.

    Attributes:
        seconds: Stage to seconds so far, in the order in which stages first ran.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def split(self) -> StageClock:
        """A clock of one query that goes on from here."""
        clock = StageClock()
        clock.seconds.update(self.seconds)
        return clock

    @contextmanager
    def stage(self, name: str, *, share: int = 1) -> Iterator[None]:
        """Count the time of the block.

        Args:
            name: Stage.
            share: Queries that the block works for; each is charged its part.

        Yields:
            Nothing.
        """
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + (time.perf_counter() - began) / share
