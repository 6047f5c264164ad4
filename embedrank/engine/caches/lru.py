"""Vectors in this process: what was asked for last stays, up to a number of bytes."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from embedrank.core.errors import ConfigError
from embedrank.core.types import EmbeddedText

DEFAULT_MAX_BYTES = 256 << 20
_ENTRY_BYTES = 400  # what an entry takes beside its numbers: key, objects, place in the order


class LruCache:
    """Least recently used goes first."""

    def __init__(self, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        """Make an empty cache.

        Args:
            max_bytes: Most bytes kept, 1 or more.

        Raises:
            ConfigError: If that is not above 0.
        """
        if max_bytes < 1:
            raise ConfigError("cache", "max_bytes", max_bytes, "must be at least 1")
        self._max_bytes = max_bytes
        self._entries: OrderedDict[bytes, EmbeddedText] = OrderedDict()
        self._counts: Counter[str] = Counter(hits=0, misses=0, evictions=0, bytes=0)
        self._lock = threading.Lock()

    def get_many(self, keys: Sequence[bytes]) -> list[EmbeddedText | None]:
        """What is kept under each key; the arrays are read-only."""
        with self._lock:
            found = [self._entries.get(key) for key in keys]
            for key, entry in zip(keys, found, strict=True):
                if entry is not None:
                    self._entries.move_to_end(key)
            num_hits = sum(entry is not None for entry in found)
            self._counts.update(hits=num_hits, misses=len(keys) - num_hits)
            return found

    def put_many(self, entries: Mapping[bytes, EmbeddedText]) -> None:
        """Keep copies; an entry larger than the whole cache is not kept and counts as evicted."""
        # A row of a batch would keep the whole batch alive.
        copies = {key: replace(entry, vector=entry.vector.copy()) for key, entry in entries.items()}
        with self._lock:
            for key, entry in copies.items():
                entry.vector.flags.writeable = False
                self._remove(key)
                self._entries[key] = entry
                self._counts["bytes"] += _size(entry)
            while self._counts["bytes"] > self._max_bytes:
                self._remove(next(iter(self._entries)))
                self._counts["evictions"] += 1

    def counts(self) -> Mapping[str, int]:
        """`hits`, `misses`, `evictions`, `entries`, `bytes`."""
        with self._lock:
            return {**self._counts, "entries": len(self._entries)}

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._counts["bytes"] = 0

    def _remove(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._counts["bytes"] -= _size(entry)


def _size(entry: EmbeddedText) -> int:
    return entry.vector.nbytes + _ENTRY_BYTES
