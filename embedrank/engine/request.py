"""One call of one caller: what it asks, what has come in of the answer, and the future that carries it.

A request is settled exactly once: answered, failed, expired or cancelled, whichever comes first. Its permit is given
back before its caller can see the answer, so that a caller who waits for one answer may always ask again.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeAlias

from embedrank.core.errors import InvalidInputError
from embedrank.engine.watching import current_watcher

OnSettled: TypeAlias = Callable[["Request", str], None]
"""Told the request and how it ended: `answered`, `cancelled`, or the name of an error."""


class Request(ABC):
    """What all kinds of requests have in common.

    Attributes:
        texts: What is computed, one by one.
        num_characters: Size of all texts.
        submitted_at: When it was made, on the monotonic clock, seconds.
        timeout_s: Time it was given; None for as long as it takes.
        future: Carries the answer; cancelling it cancels the request.
    """

    def __init__(self, texts: Sequence[str], *, timeout_s: float | None) -> None:
        """Take a call down; nothing runs before `begin`.

        Args:
            texts: At least one text.
            timeout_s: Above 0, or None.

        Raises:
            InvalidInputError: If `timeout_s` is not above 0.
        """
        if timeout_s is not None and not timeout_s > 0:
            raise InvalidInputError("timeout_s", f"{timeout_s!r} is not above 0")
        self.texts, self.timeout_s = texts, timeout_s
        self.num_characters = sum(map(len, texts))
        self.submitted_at = time.monotonic()
        self.future: Future[Any] = Future()
        self._watcher = current_watcher()
        self._missing = len(texts)
        self._lock = threading.Lock()
        self._settled = False
        self._on_settled: OnSettled = _nobody

    @abstractmethod
    def take_in(self, places: Sequence[int], values: Sequence[Any]) -> None:
        """Keep what came in for these places of `texts`; several threads may do so at once, for different places."""

    @abstractmethod
    def result(self) -> Any:
        """The whole answer, once all places are in."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing that is still computed for it would be seen."""
        return self._settled

    @property
    def deadline(self) -> float | None:
        """When its time is up, on the monotonic clock."""
        return None if self.timeout_s is None else self.submitted_at + self.timeout_s

    def begin(self, on_settled: OnSettled) -> None:
        """Say who is told of the end.

        Args:
            on_settled: Called once, from whatever thread settles it; must be quick and must not raise.
        """
        self._on_settled = on_settled
        self.future.add_done_callback(self._notice_cancellation)

    def deliver(self, places: Sequence[int], values: Sequence[Any]) -> None:
        """Hand in a part of the answer; the last part settles the request.

        Args:
            places: Indices into `texts`, each delivered once.
            values: One for each place.
        """
        if self._settled:
            return
        try:
            self.take_in(places, values)
            with self._lock:
                self._missing -= len(places)
                complete = not self._missing
            if complete:
                self._settle("answered", result=self.result())
        except Exception as error:  # of a listener to parts: it must not take others' batches down
            self.fail(error)

    def note(self, stage: str, start: float, end: float) -> None:
        """Tell whoever watches when something was done for it; arguments as `watching.Watcher` takes them."""
        if self._watcher is not None and not self._settled:
            self._watcher(stage, start, end)

    def fail(self, error: BaseException) -> None:
        """Answer with an error, unless it is settled already."""
        self._settle(type(error).__name__, error=error)

    def _settle(self, outcome: str, *, result: Any = None, error: BaseException | None = None) -> None:
        if not self._claim():
            return
        try:
            self._on_settled(self, outcome)
        finally:
            if self.future.set_running_or_notify_cancel():  # not cancelled in this very moment
                if error is None:
                    self.future.set_result(result)
                else:
                    self.future.set_exception(error)

    def _notice_cancellation(self, future: Future[Any]) -> None:
        if future.cancelled() and self._claim():
            self._on_settled(self, "cancelled")
            future.set_running_or_notify_cancel()  # wakes those who wait for any of several futures

    def _claim(self) -> bool:
        with self._lock:
            claimed, self._settled = not self._settled, True
        return claimed


def _nobody(request: Request, outcome: str) -> None:
    """Listener of a request that has not begun."""
