"""A cache whose writes are made by another thread, so that the model's thread never waits for a disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from embedrank.core.protocols import EmbeddingCache
from embedrank.core.types import EmbeddedText
from embedrank.engine.caches.courier import Courier

_WAITING_WRITES = 64  # batches; more are dropped, and counted
_CLOSE_WAIT_S = 5.0


class WriteBehind:
    """Reads at once and writes a little later."""

    def __init__(self, cache: EmbeddingCache) -> None:
        """Stand before a cache.

        Args:
            cache: One that several threads may use; closed with this one.
        """
        self._cache = cache
        self._courier = Courier("embedrank-cache-writer", max_waiting=_WAITING_WRITES)
        self._dropped = 0  # written by one thread: that of the model

    def get_many(self, keys: Sequence[bytes]) -> list[EmbeddedText | None]:
        """What is kept under each key; what still waits to be written is not there yet."""
        return self._cache.get_many(keys)

    def put_many(self, entries: Mapping[bytes, EmbeddedText]) -> None:
        """Write later; dropped where too much waits already."""
        # A row of a batch would keep the whole batch alive.
        copies = {key: replace(entry, vector=entry.vector.copy()) for key, entry in entries.items()}
        if self._courier.send(lambda: self._cache.put_many(copies)) is None:
            self._dropped += len(copies)

    def counts(self) -> Mapping[str, int]:
        """Those of the cache; `dropped_writes` has what was dropped here too."""
        counts = Counter(self._cache.counts())
        counts["dropped_writes"] += self._dropped
        return dict(counts)

    def close(self) -> None:
        """Write what waits, for a short while, and close the cache."""
        self._courier.close(_CLOSE_WAIT_S)
        self._cache.close()
