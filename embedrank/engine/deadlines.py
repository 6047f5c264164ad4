"""Ends requests whose time is up, also while the model is busy or stuck: no caller waits longer than it said."""

from __future__ import annotations

import math
import threading
import time

from embedrank.core.errors import DeadlineExceededError
from embedrank.engine.request import Request


class Deadlines:
    """A thread's work: sleep until the nearest deadline, fail who is late."""

    def __init__(self) -> None:
        self._watched: dict[Request, float] = {}
        self._nearest = math.inf  # what the thread sleeps for
        self._changed = threading.Condition()
        self._closed = False

    def watch(self, request: Request) -> None:
        """Keep an eye on a request, if it has a deadline."""
        if request.deadline is not None:
            with self._changed:
                self._watched[request] = request.deadline
                if request.deadline < self._nearest:
                    self._changed.notify()

    def forget(self, request: Request) -> None:
        """The request is settled."""
        with self._changed:
            self._watched.pop(request, None)

    def run(self) -> None:
        """Work until closed."""
        while not self._closed:
            for request in self._wait_for_late():
                assert request.timeout_s is not None
                request.fail(DeadlineExceededError(request.timeout_s))

    def close(self) -> None:
        """Send the thread home."""
        with self._changed:
            self._closed = True
            self._watched.clear()
            self._changed.notify()

    def _wait_for_late(self) -> list[Request]:
        with self._changed:
            now = time.monotonic()
            late = [request for request, deadline in self._watched.items() if deadline <= now]
            if not late and not self._closed:
                self._nearest = min(self._watched.values(), default=math.inf)
                self._changed.wait(None if self._nearest == math.inf else self._nearest - now)
            for request in late:
                del self._watched[request]
            return late
