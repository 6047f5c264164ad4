"""Two caches in a row: a near one that is fast, and a far one that is shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from embedrank.core.protocols import EmbeddingCache
from embedrank.core.types import EmbeddedText


class TieredCache:
    """Asks the far cache only for what the near one lacks, and keeps near what it finds."""

    def __init__(self, near: EmbeddingCache, far: EmbeddingCache) -> None:
        self._near, self._far = near, far

    def get_many(self, keys: Sequence[bytes]) -> list[EmbeddedText | None]:
        """What either keeps."""
        found = self._near.get_many(keys)
        lacking = [place for place, entry in enumerate(found) if entry is None]
        if lacking:
            fetched = self._far.get_many([keys[place] for place in lacking])
            for place, entry in zip(lacking, fetched, strict=True):
                found[place] = entry
            self._near.put_many({keys[p]: e for p, e in zip(lacking, fetched, strict=True) if e is not None})
        return found

    def put_many(self, entries: Mapping[bytes, EmbeddedText]) -> None:
        """Keep in both."""
        self._near.put_many(entries)
        self._far.put_many(entries)

    def counts(self) -> Mapping[str, int]:
        """Counters of both, as `near_...` and `far_...`."""
        tiers = {"near": self._near, "far": self._far}
        return {f"{tier}_{name}": count for tier, cache in tiers.items() for name, count in cache.counts().items()}

    def close(self) -> None:
        """Close both."""
        self._near.close()
        self._far.close()
