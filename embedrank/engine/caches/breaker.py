"""A circuit breaker: who has failed several times in a row is left alone for a while, then tried once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Closed while all is well; open, and so refusing, after failures in a row.

    Attributes:
        num_openings: How often it has opened.
    """

    def __init__(
        self, *, max_failures: int = 3, pause_s: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start closed.

        Args:
            max_failures: Failures in a row that open it.
            pause_s: How long it then refuses before it lets one try through.
            clock: Seconds.
        """
        self.num_openings = 0
        self._max_failures, self._pause_s, self._clock = max_failures, pause_s, clock
        self._failures = 0
        self._open_until: float | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether it has not been well since it last opened."""
        return self._open_until is not None

    def allows(self) -> bool:
        """Whether to try now. While it is open one caller a pause is told yes, and should report how it went."""
        with self._lock:
            now = self._clock()
            if self._open_until is None:
                return True
            if now < self._open_until:
                return False
            self._open_until = now + self._pause_s
            return True

    def succeeded(self) -> None:
        """A try went well."""
        with self._lock:
            self._failures, self._open_until = 0, None

    def failed(self) -> None:
        """A try went wrong."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._max_failures:
                self.num_openings += self._open_until is None
                self._open_until = self._clock() + self._pause_s
