"""A token bucket: so much a minute, and no more than a minute's worth at once."""

from __future__ import annotations

import time
from collections.abc import Callable


class Bucket:
    """Fills evenly; may be overdrawn by work whose size is known only afterwards, and is shut until that is made up."""

    def __init__(self, per_minute: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Start full.

        Args:
            per_minute: What flows in a minute, and what it holds.
            clock: Seconds.
        """
        self.per_minute = per_minute
        self._level, self._clock, self._looked_at = per_minute, clock, clock()

    def wait_s(self, amount: float) -> float:
        """How long until so much is there.

        Args:
            amount: At most what it holds counts.

        Returns:
            Seconds; 0 if it is there now.
        """
        missing = min(amount, self.per_minute) - self._now()
        return max(0.0, missing * 60 / self.per_minute)

    def take(self, amount: float) -> None:
        """Take out so much, whether it is there or not."""
        self._level = self._now() - amount

    def _now(self) -> float:
        now = self._clock()
        grown = self._level + (now - self._looked_at) * self.per_minute / 60
        self._level, self._looked_at = min(self.per_minute, grown), now
        return self._level
