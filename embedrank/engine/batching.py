"""Which of the waiting entries go together: one of each caller in turn, up to a budget."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Protocol, TypeAlias, TypeVar

from embedrank.engine.request import Request


class Entry(Protocol):
    """What can wait in a queue: a text with its characters, an item with its tokens."""

    taken: bool

    @property
    def task(self) -> object:
        """The model that it waits for."""
        ...

    @property
    def size(self) -> int:
        """What it costs of the budget."""
        ...

    @property
    def group(self) -> Hashable:
        """Only entries of one group go together."""
        ...


E = TypeVar("E", bound=Entry)
Lanes: TypeAlias = "OrderedDict[Request, deque[E]]"
"""The waiting entries of each request, the request whose turn is next first."""


def pick_batch(lanes: Lanes[E], *, max_size: int) -> list[E]:
    """Take a batch out of the lanes.

    The first request's next entry is always taken, so that everybody's turn comes; an entry larger than the budget goes
    alone. Requests that were served move to the end, those that did not fit keep their place.

    Args:
        lanes: Changed in place; lanes that run empty are removed.
        max_size: Budget.

    Returns:
        Entries of one group, marked as taken; none where all were taken before through another lane.
    """
    batch: list[E] = []
    held = 0
    passed: list[tuple[Request, deque[E]]] = []
    while lanes and held < max_size:
        request, lane = lanes.popitem(last=False)
        while lane and lane[0].taken:  # computed for another request that asked for the same text
            lane.popleft()
        if not lane:
            continue
        entry = lane[0]
        if batch and (entry.group != batch[0].group or held + entry.size > max_size):
            passed.append((request, lane))
            continue
        lane.popleft()
        entry.taken = True
        batch.append(entry)
        held += entry.size
        if lane:
            lanes[request] = lane
    for request, lane in reversed(passed):
        lanes[request] = lane
        lanes.move_to_end(request, last=False)
    return batch
