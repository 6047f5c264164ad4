"""Drops rows with texts that are too short or too long."""

from __future__ import annotations

from dataclasses import dataclass

from embedrank.core.errors import ConfigError
from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.filters.bounds import check_whole, check_within
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.stateless import StatelessFilter
from embedrank.synthesis.words import num_words


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthConfig:
    """Bounds in words; of scripts without spaces in as many characters as say as much.

    Attributes:
        min_query: Least words of a query.
        max_query: Most words of a query.
        min_document: Least words of positives and negatives.
        max_document: Most words of positives and negatives.
        slack: How far the query may be outside the wished length, as a share of it; None to not look at wishes.
    """

    min_query: int = 1
    max_query: int = 256
    min_document: int = 1
    max_document: int = 4096
    slack: float | None = None

    def __post_init__(self) -> None:
        check_whole("filters.length", {"min_query": self.min_query, "min_document": self.min_document}, least=0)
        for least, most in (("min_query", "max_query"), ("min_document", "max_document")):
            check_whole("filters.length", {most: getattr(self, most)}, least=1)
            if getattr(self, least) > getattr(self, most):
                raise ConfigError("filters.length", least, getattr(self, least), f"is more than {most}")
        if self.slack is not None:
            check_within("filters.length", {"slack": self.slack}, 0, 10)


class LengthFilter(StatelessFilter):
    """Looks at the texts of rows of every kind; labels of classification rows are held to no length."""

    name = "length"

    def __init__(self, config: LengthConfig, needs: FilterNeeds) -> None:
        """Take the settings.

        Args:
            config: The bounds.
            needs: Unused.
        """
        self._config = config

    def verdict(self, draft: Draft, row: SyntheticRow) -> Verdict:
        """Drop a row for the first text out of bounds: the query, then its wish, then the documents."""
        config, length = self._config, num_words(row.query)
        if length < config.min_query:
            return drop("query too short", f"{length} words")
        if length > config.max_query:
            return drop("query too long", f"{length} words")
        if config.slack is not None and draft.wish.length is not None:
            low, high = draft.wish.length
            if not low * (1 - config.slack) <= length <= high * (1 + config.slack):
                return drop("not the wished length", f"{length} words, wished {low} to {high}")
        for text in () if row.task == "classification" else (*row.positives, *row.negatives):
            words = num_words(text)
            if words < config.min_document and row.task != "code":  # code may be nothing but signs
                return drop("document too short", f"{words} words")
            if words > config.max_document:
                return drop("document too long", f"{words} words")
        return keep()
