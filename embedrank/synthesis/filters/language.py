"""Drops rows whose query is not in the language that was wished for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from embedrank.core.packages import require_packages
from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.filters.bounds import check_within
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.stateless import StatelessFilter
from embedrank.synthesis.filters.writing_system import languages, scripts_in


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageConfig:
    """How sure the identification has to be.

    Attributes:
        min_probability: Below it nothing is decided and the row stays: short queries, names, terms of programming.
    """

    min_probability: float = 0.8

    def __post_init__(self) -> None:
        check_within("filters.language", {"min_probability": self.min_probability}, 0, 1)


class LanguageFilter(StatelessFilter):
    """Looks at queries of every kind whose language is known from the wish, the row or the passage.

    Code as a query, languages that the identifier does not know and texts that it is not sure of are let through. The
    figure `language_decided` is 1 where the filter made sure and 0 where it did not.
    """

    name = "language"

    def __init__(self, config: LanguageConfig, needs: FilterNeeds) -> None:
        """Load the identifier.

        Args:
            config: How sure it has to be.
            needs: Unused.

        Raises:
            MissingPackageError: If py3langid is not installed.
        """
        require_packages("the filter `language`", "py3langid", extra="synthesis")
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        self._config = config
        self._identifier: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._known = frozenset(self._identifier.labels)

    def verdict(self, draft: Draft, row: SyntheticRow) -> Verdict:
        """Drop a query in other letters than the language's, or surely in another language."""
        wanted = wished_language(draft, row)
        if wanted is None or not languages().like(wanted) & self._known:
            return keep(language_decided=0.0)
        scripts = scripts_in(row.query)
        if scripts and not scripts & languages().scripts_of(wanted):
            return drop("wrong script", f"wished {wanted}, written in {', '.join(sorted(scripts)).lower()}")
        found, probability = self._identifier.classify(row.query)
        if found == "zxx" or probability < self._config.min_probability:  # zxx: no language at all, such as a path
            return keep(language_decided=0.0)
        if found in languages().like(wanted):
            return keep(language_decided=1.0)
        return drop(
            "wrong language", f"wished {wanted}, found {found} ({probability:.2f})", language_probability=probability
        )


def wished_language(draft: Draft, row: SyntheticRow) -> str | None:
    """The language that the query should have.

    Args:
        draft: With its wish and passage.
        row: Its row.

    Returns:
        ISO 639 code without region or script, or None where the query is code or nothing is known.
    """
    if row.task == "code" and draft.wish.query_type == "translation":
        return None
    lang = draft.wish.lang or row.lang or (None if draft.passage.is_code else draft.passage.lang)
    return lang.replace("_", "-").split("-")[0].lower() if lang else None
