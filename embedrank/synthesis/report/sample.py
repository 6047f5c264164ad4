"""A sample that depends on what is in it and on nothing else: the items whose keys have the smallest hashes."""

from __future__ import annotations

import hashlib
import heapq
from typing import Generic, TypeVar

T = TypeVar("T")


class Sample(Generic[T]):
    """Holds at most so many items, whatever order they come in."""

    def __init__(self, size: int) -> None:
        """Begin empty.

        Args:
            size: Most items.
        """
        self._size = size
        self._heap: list[tuple[int, str, T]] = []  # the largest hash on top: its negative is the smallest

    def offer(self, key: str, item: T) -> None:
        """Take an item in, or pass it over.

        Args:
            key: Unique among all that are offered.
            item: What to keep.
        """
        entry = (-_number(key), key, item)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        elif entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)

    def items(self) -> list[T]:
        """What was kept, by hash."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: (-entry[0], entry[1]))]


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
