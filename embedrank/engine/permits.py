"""Who may come in: a bound on what is in flight, and the one register of requests that are owed an answer.

Admission and refusal are decided under one lock, so that nobody slips in behind a closing engine and waits for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from embedrank.core.errors import EmbedrankError, OverloadedError, TooLargeError
from embedrank.engine.config import EngineConfig
from embedrank.engine.request import Request

_RETRY_AFTER_S = (0.1, 60.0)  # least and most


class Permits:
    """Bounds requests, texts and characters in flight."""

    def __init__(self, config: EngineConfig, *, seconds_per_text: Callable[[], float]) -> None:
        """Open the gate.

        Args:
            config: The bounds.
            seconds_per_text: How long a text took of late; tells refused callers when to come back.
        """
        self._limits = {
            "requests": config.max_requests,
            "texts": config.max_texts,
            "characters": config.max_characters,
        }
        self._held = dict.fromkeys(self._limits, 0)
        self._seconds_per_text = seconds_per_text
        self._live: set[Request] = set()
        self._refusal: Callable[[], EmbedrankError] | None = None
        self._changed = threading.Condition()

    def admit(self, request: Request) -> None:
        """Let a request in, or refuse it at once.

        Args:
            request: Not admitted before.

        Raises:
            TooLargeError: If it exceeds a bound all by itself.
            OverloadedError: If it exceeds a bound together with what is in flight.
            EmbedrankError: If the gate is shut, for the reason it was shut with.
        """
        asked = _size(request)
        for what, size in asked.items():
            if size > self._limits[what]:
                raise TooLargeError(what, size=size, limit=self._limits[what])
        with self._changed:
            if self._refusal is not None:
                raise self._refusal()
            for what, size in asked.items():
                if self._held[what] + size > self._limits[what]:
                    raise self._overloaded(what)
            self._add(asked, 1)
            self._live.add(request)

    def release(self, request: Request) -> None:
        """Give the permit of a request back; once is enough, twice does no harm."""
        with self._changed:
            if request in self._live:
                self._live.remove(request)
                self._add(_size(request), -1)
                self._changed.notify_all()

    def shut(self, refusal: Callable[[], EmbedrankError]) -> list[Request]:
        """Admit nobody any more; the first reason stays.

        Args:
            refusal: Makes the error that later callers get.

        Returns:
            Who is still owed an answer.
        """
        with self._changed:
            self._refusal = self._refusal or refusal
            return list(self._live)

    def wait_until_empty(self, timeout_s: float | None = None) -> bool:
        """Wait for the last answer.

        Args:
            timeout_s: Longest wait; None for as long as it takes.

        Returns:
            Whether nobody is waiting any more.
        """
        with self._changed:
            return self._changed.wait_for(lambda: not self._live, timeout_s)

    def held(self) -> dict[str, int]:
        """Requests, texts and characters in flight."""
        with self._changed:
            return dict(self._held)

    def _overloaded(self, what: str) -> OverloadedError:
        least, most = _RETRY_AFTER_S
        wait_s = min(most, max(least, self._held["texts"] * self._seconds_per_text()))
        return OverloadedError(
            what, in_flight=self._held[what], limit=self._limits[what], retry_after_s=round(wait_s, 1)
        )

    def _add(self, sizes: dict[str, int], sign: int) -> None:
        for what, size in sizes.items():
            self._held[what] += sign * size


def _size(request: Request) -> dict[str, int]:
    return {"requests": 1, "texts": len(request.texts), "characters": request.num_characters}
