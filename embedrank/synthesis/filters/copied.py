"""Drops rows whose query is copied from the text that it shall find."""

from __future__ import annotations

from dataclasses import dataclass

from embedrank.core.same_text import normalised
from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.filters.bounds import check_whole, check_within
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.stateless import StatelessFilter
from embedrank.synthesis.words import num_words

_TASKS = ("retrieval", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedConfig:
    """How much may be copied.

    Attributes:
        max_share: Largest share of the query's characters that may stand in one run in a positive.
        min_words: Shorter queries are let through: a name or a term can only be copied.
    """

    max_share: float = 0.8
    min_words: int = 5

    def __post_init__(self) -> None:
        check_within("filters.copied", {"max_share": self.max_share}, 0, 1)
        check_whole("filters.copied", {"min_words": self.min_words}, least=0)


class CopiedFilter(StatelessFilter):
    """Looks at retrieval and code rows; in the others query and positive are alike by nature, and they pass."""

    name = "copied"

    def __init__(self, config: CopiedConfig, needs: FilterNeeds) -> None:
        """Take the settings.

        Args:
            config: How much may be copied.
            needs: Unused.
        """
        self._config = config

    def verdict(self, draft: Draft, row: SyntheticRow) -> Verdict:
        """Drop a query of which too much stands in a positive."""
        if row.task not in _TASKS or num_words(row.query) < self._config.min_words:
            return keep()
        share = max(copied_share(row.query, text) for text in row.positives)
        if share > self._config.max_share:
            return drop("copied from the passage", f"{share:.0%} of the query in one run", copied_share=share)
        return keep(copied_share=share)


def copied_share(query: str, document: str) -> float:
    """The longest run of characters of a query that stands in a document.

    Args:
        query: A query.
        document: A document.

    Returns:
        Its length as a share of the query's in 0..1; case, white space and Unicode's compatible forms do not count.
    """
    wanted, text = normalised(query), normalised(document)
    low, high = 0, len(wanted)
    while low < high:  # a run of some length is there only if a shorter one is
        length = (low + high + 1) // 2
        if any(wanted[start : start + length] in text for start in range(len(wanted) - length + 1)):
            low = length
        else:
            high = length - 1
    return low / len(wanted) if wanted else 0.0
