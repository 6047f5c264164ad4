"""Settings of the embedded store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from embedrank.core.errors import ConfigError

TABLE: Final = "chunks"
"""Name of the table where an index says no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanceConfig:
    """How the store searches and keeps itself tidy.

    Attributes:
        exact_limit: Up to this many chunks are searched exactly in memory.
        keep_versions_s: Seconds for which replaced files stay, so that a reader in the middle of a query finds them.
        writes_per_upkeep: After so many writes the indexes are brought up to date and the table is compacted, so that a
            long run does not leave thousands of small files; flushing does it too.
        candidates: Rows the approximate index looks at for each row wanted, before exact rescoring.
        max_query_terms: Further terms of a longer query are not looked up.
    """

    exact_limit: int = 50_000
    keep_versions_s: float = 300.0
    writes_per_upkeep: int = 100
    candidates: int = 4
    max_query_terms: int = 2_000

    def __post_init__(self) -> None:
        least_values = {
            "exact_limit": 0,
            "keep_versions_s": 0,
            "writes_per_upkeep": 1,
            "candidates": 1,
            "max_query_terms": 1,
        }
        for name, least in least_values.items():
            if getattr(self, name) < least:
                raise ConfigError("store", name, getattr(self, name), f"must be at least {least}")
