"""How many texts were read, and how many of them lost their end, by the source that their rows name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCounts:
    """Texts that were read, and those of them that were longer than the limit and lost their end."""

    num_queries: int = 0
    num_documents: int = 0
    cut_queries: int = 0
    cut_documents: int = 0

    def __add__(self, other: TextCounts) -> TextCounts:
        return TextCounts(
            num_queries=self.num_queries + other.num_queries,
            num_documents=self.num_documents + other.num_documents,
            cut_queries=self.cut_queries + other.cut_queries,
            cut_documents=self.cut_documents + other.cut_documents,
        )


def summed(parts: Iterable[Mapping[str, TextCounts]]) -> dict[str, TextCounts]:
    """Counts of several batches, or processes, together.

    Args:
        parts: Source to counts.

    Returns:
        Source to the sum of its counts.
    """
    total: dict[str, TextCounts] = {}
    for part in parts:
        for source, counts in part.items():
            total[source] = total.get(source, TextCounts()) + counts
    return total
