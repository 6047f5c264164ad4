"""Where entries wait: a lane for each request, lanes served in turn, so that nobody is starved by a larger caller.

Models take turns too: a hundred rerank calls do not hold up the embedding of a query by more than one batch.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Generic

from embedrank.engine.batching import E, Lanes, pick_batch
from embedrank.engine.request import Request


class FairQueue(Generic[E]):
    """A queue of lanes between two threads. Bounded by the permits, not by itself."""

    def __init__(self) -> None:
        self._lanes_of: OrderedDict[object, Lanes[E]] = OrderedDict()
        self._served_last = 0  # id of the task; the task itself may be let go of
        self._changed = threading.Condition()
        self._closed = False

    def add(self, request: Request, entries: Sequence[E]) -> bool:
        """Put entries at the end of a request's lane.

        Args:
            request: Whose they are.
            entries: All of one task, in the order they are to be taken.

        Returns:
            False if nobody will take them: the request is settled, or the queue closed.
        """
        with self._changed:
            # Settling comes before `drop`, so what is added to a request that looks alive here is dropped after.
            if self._closed or request.is_settled:
                return False
            if entries:
                self._lanes(entries[0].task).setdefault(request, deque()).extend(entries)
                self._changed.notify()
            return True

    def drop(self, request: Request) -> list[E]:
        """Remove a request's lane.

        Args:
            request: Whose caller no longer waits.

        Returns:
            What was in it and has not been taken through another lane.
        """
        with self._changed:
            for task, lanes in self._lanes_of.items():
                if request in lanes:
                    dropped = [entry for entry in lanes.pop(request) if not entry.taken]
                    if not lanes:
                        del self._lanes_of[task]
                    return dropped
            return []

    def take(self, *, max_size: int, max_wait_s: float = 0.0) -> list[E]:
        """Wait for entries and take a batch of them.

        Args:
            max_size: Budget of a batch.
            max_wait_s: How long a batch below budget is held back, counted from its oldest request.

        Returns:
            At least one entry; none once the queue is closed.
        """
        with self._changed:
            while not self._closed:
                if not self._lanes_of:
                    self._changed.wait()
                    continue
                task, lanes = next(iter(self._lanes_of.items()))
                pause = _pause(lanes, max_size, max_wait_s) if max_wait_s else 0.0
                if pause > 0:
                    self._changed.wait(pause)
                    continue
                batch = pick_batch(lanes, max_size=max_size)
                self._lanes_of.move_to_end(task)
                self._served_last = id(task)
                if not lanes:  # nothing of a model that may be unloaded stays here
                    del self._lanes_of[task]
                if batch:
                    return batch
            return []

    def close(self) -> None:
        """Let go of everything and send the taker home."""
        with self._changed:
            self._closed = True
            self._lanes_of.clear()
            self._changed.notify_all()

    def _lanes(self, task: object) -> Lanes[E]:
        lanes = self._lanes_of.get(task)
        if lanes is None:
            lanes = self._lanes_of[task] = OrderedDict()
            if id(task) != self._served_last:  # a model that was idle comes next, but never twice in a row
                self._lanes_of.move_to_end(task, last=False)
        return lanes

    def __len__(self) -> int:
        with self._changed:
            return sum(len(lane) for lanes in self._lanes_of.values() for lane in lanes.values())


def _pause(lanes: Lanes[E], max_size: int, max_wait_s: float) -> float:
    held = 0
    for lane in lanes.values():
        for entry in lane:
            held += entry.size
            if held >= max_size:
                return 0.0
    return min(request.submitted_at for request in lanes) + max_wait_s - time.monotonic()
