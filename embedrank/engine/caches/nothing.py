"""A cache that keeps nothing, for who wants none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from embedrank.core.types import EmbeddedText


class NoCache:
    """Misses always."""

    def get_many(self, keys: Sequence[bytes]) -> list[EmbeddedText | None]:
        """None for each key."""
        return [None] * len(keys)

    def put_many(self, entries: Mapping[bytes, EmbeddedText]) -> None:
        """Nothing happens."""

    def counts(self) -> Mapping[str, int]:
        """Nothing to tell."""
        return {}

    def close(self) -> None:
        """Nothing to let go of."""
