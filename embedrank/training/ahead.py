"""Batches made in a background thread, a few steps ahead of their use, tokenised where that is wanted.

The state is that of the batches that were used: those that wait in the queue are made again by a resumed run.
"""

from __future__ import annotations

import queue
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final

from embedrank.core.errors import ConfigError
from embedrank.training.batches import Batches
from embedrank.training.reading import Reading, ReadRows
from embedrank.training.rows import TrainingRow

_LOOKS_EVERY_S: Final = 0.1  # how often a thread with a full queue looks whether it is still wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A batch with the state after it; or the error that ended the thread."""

    rows: list[TrainingRow]
    state: dict[str, Any]
    error: BaseException | None = None


class Ahead:
    """Takes batches from a stream before they are asked for."""

    def __init__(self, batches: Batches, *, reading: Reading[Any] | None = None, depth: int = 2) -> None:
        """Take over a stream; nothing is read before the first batch is asked for.

        Args:
            batches: The stream; nobody else may use it from now on.
            reading: How an objective tokenises, to do that ahead too; it is done again if the objective does otherwise.
            depth: Batches made ahead, at least 1.

        Raises:
            ConfigError: If the depth is smaller.
        """
        if depth < 1:
            raise ConfigError("Ahead", "depth", depth, "must be at least 1")
        self._batches, self._reading, self._depth = batches, reading, depth
        self._state = batches.state()
        self._made: queue.Queue[_Made] = queue.Queue(depth)
        self._ended = Event()
        self._thread: Thread | None = None

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def next_batch(self) -> list[TrainingRow]:
        """The next batch; an error of the thread is raised here, and again each time."""
        if self._thread is None:
            self._thread = Thread(target=self._make, args=(self._made, self._ended), name="batches", daemon=True)
            self._thread.start()
        made = self._made.get()
        if made.error is not None:
            self._made.put(made)
            raise made.error
        self._state = made.state
        return made.rows

    def state(self) -> dict[str, Any]:
        """Counters after the last batch that was used."""
        return self._state

    def restore(self, state: Mapping[str, Any]) -> None:
        """Throw away what was made ahead, and continue from saved counters.

        Args:
            state: From `state()`, or from that of the stream itself.
        """
        self.close()
        self._batches.restore(state)
        self._state = self._batches.state()

    def close(self) -> None:
        """End the thread and go back to the last batch used; a later batch starts another."""
        if self._thread is None:
            return
        self._ended.set()
        with suppress(queue.Empty):
            while True:
                self._made.get_nowait()
        self._thread.join()
        self._thread, self._made, self._ended = None, queue.Queue(self._depth), Event()
        self._batches.restore(self._state)

    def _make(self, made: queue.Queue[_Made], ended: Event) -> None:
        while not ended.is_set():
            try:
                rows = self._batches.next_batch()
                if self._reading is not None:
                    rows = ReadRows(rows, self._reading)
                one = _Made(rows=rows, state=self._batches.state())
            except BaseException as error:  # told to whoever asks for the batch
                one = _Made(rows=[], state={}, error=error)
            while not ended.is_set():
                with suppress(queue.Full):
                    made.put(one, timeout=_LOOKS_EVERY_S)
                    break
            if one.error is not None:
                return


def ahead_of(batches: Batches, *, reading: Reading[Any] | None, depth: int) -> AbstractContextManager[Batches]:
    """Batches that are made ahead as long as the context lasts, or not at all.

    Args:
        batches: The stream.
        reading: As `Ahead` takes it.
        depth: Batches made ahead; 0 leaves the stream as it is.

    Returns:
        A context that gives what to use instead of the stream.
    """
    return Ahead(batches, reading=reading, depth=depth) if depth else nullcontext(batches)
