"""Errands over a network, run by a thread of their own, so that nobody else waits for them longer than agreed.

Timeouts of sockets do not bound a look-up of a name or a peer that drips bytes; not being the one who waits does.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Courier:
    """One daemon thread and a short list of errands."""

    def __init__(self, name: str, *, max_waiting: int) -> None:
        """Start the thread.

        Args:
            name: Of the thread.
            max_waiting: Errands that may wait; more are not taken.
        """
        self._errands: queue.Queue[tuple[Future[object], Callable[[], object]] | None] = queue.Queue(max_waiting)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def send(self, errand: Callable[[], T]) -> Future[T] | None:
        """Have something done.

        Args:
            errand: What; may raise.

        Returns:
            Its outcome to come; None if too many errands wait already.
        """
        future: Future[T] = Future()
        try:
            self._errands.put_nowait((future, errand))  # type: ignore[arg-type]
        except queue.Full:
            return None
        return future

    def close(self, timeout_s: float) -> None:
        """Run what waits, then end the thread.

        Args:
            timeout_s: Longest wait; the thread is left to itself after that.
        """
        try:
            self._errands.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (sent := self._errands.get()) is not None:
            future, errand = sent
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(errand())
                except BaseException as error:
                    future.set_exception(error)
            del future, errand, sent  # nothing is held while the thread waits
