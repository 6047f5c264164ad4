"""How many drafts went into each stage, and how many it dropped, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


class Funnel:
    """Counts of one run; sums are exact: what goes in is what is kept and what is dropped."""

    def __init__(self, stages: Sequence[str], filters: Sequence[str]) -> None:
        """Begin with nothing counted.

        Args:
            stages: In the order in which drafts go through them.
            filters: Those of them that are filters.
        """
        self._stages, self._filters = tuple(stages), frozenset(filters)
        self._dropped: dict[str, Counter[str]] = {}

    def drop(self, stage: str, reason: str) -> None:
        """Count a draft that was dropped."""
        self._dropped.setdefault(stage, Counter())[reason] += 1

    @property
    def num_dropped(self) -> int:
        """Drafts dropped by all stages."""
        return sum(reasons.total() for reasons in self._dropped.values())

    def report(self, num_kept: int) -> list[dict[str, Any]]:
        """One entry a stage.

        Args:
            num_kept: Rows written.

        Returns:
            Entries in order; a stage that nobody has announced stands first.
        """
        unknown = tuple(stage for stage in self._dropped if stage not in self._stages)
        left = num_kept + self.num_dropped
        entries = []
        for stage in (*unknown, *self._stages):
            reasons: Mapping[str, int] = self._dropped.get(stage, Counter())
            entered, left = left, left - sum(reasons.values())
            by_count = sorted(reasons.items(), key=lambda entry: (-entry[1], entry[0]))
            entries.append(
                {
                    "stage": stage,
                    "is_filter": stage in self._filters,
                    "entered": entered,
                    "left": left,
                    "dropped": entered - left,
                    "reasons": [{"reason": reason, "count": count} for reason, count in by_count],
                }
            )
        return entries
