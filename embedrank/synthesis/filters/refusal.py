"""Drops rows in which a language model refuses, or talks about itself, its task or the passage before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from embedrank.core.errors import ConfigError
from embedrank.core.same_text import normalised
from embedrank.synthesis.data_files import data_file
from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.stateless import StatelessFilter
from embedrank.synthesis.passage import Passage

_APOSTROPHES = str.maketrans("’‘`´", "''''")
_AROUND = " \t\"'“”„«»*_#-"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalConfig:
    """Phrases beside those that ship with the package.

    Attributes:
        begins: A text that begins so is dropped.
        holds: A text that holds this is dropped.
    """

    begins: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in ("begins", "holds"):
            value = getattr(self, field)
            if not isinstance(value, tuple) or not all(isinstance(phrase, str) and phrase.strip() for phrase in value):
                raise ConfigError("filters.refusal", field, value, "must be a list of phrases")


class RefusalFilter(StatelessFilter):
    """Looks at what was written in rows of every kind; what the passage says itself is not judged.

    Code may hold what is boilerplate in prose, so that of code rows only the beginnings are looked at.
    """

    name = "refusal"

    def __init__(self, config: RefusalConfig, needs: FilterNeeds) -> None:
        """Read the phrases.

        Args:
            config: More of them.
            needs: Unused.
        """
        table = json.loads(data_file("filters", "refusals.json").read_text(encoding="utf-8"))
        self._begins = tuple(map(_form, (*config.begins, *_all(table["begins"]))))
        self._holds = tuple(map(_form, (*config.holds, *_all(table["holds"]))))

    def verdict(self, draft: Draft, row: SyntheticRow) -> Verdict:
        """Drop a row for the first phrase found in it that its passage does not hold itself."""
        for text in (row.query, *row.positives, *row.negatives):
            form = _form(text)
            start = form.lstrip(_AROUND)
            if phrase := _first(self._begins, start.startswith, draft):
                return drop("refusal or preamble", f"begins with {phrase.strip()!r}")
            if row.task == "code":
                continue
            if phrase := _first(self._holds, form.__contains__, draft):
                return drop("boilerplate", f"holds {phrase!r}")
        return keep()


def _first(phrases: Iterable[str], found: Callable[[str], bool], draft: Draft) -> str | None:
    """The first phrase that is found in a text and does not stand in the passage, whose words are not the writer's."""
    return next((phrase for phrase in phrases if found(phrase) and not _is_given(phrase, draft.passage)), None)


def _is_given(phrase: str, passage: Passage) -> bool:
    given = (passage.text, passage.title, passage.label or "", *passage.translations.values())
    return any(phrase in _form(text) for text in given)


def _all(phrases: dict[str, list[str]]) -> Iterator[str]:
    for of_language in phrases.values():
        yield from of_language


def _form(text: str) -> str:
    """A text as phrases are compared with it; blanks at the ends of phrases count, because they end a word."""
    form = normalised(text).translate(_APOSTROPHES)
    return form + " " if text.endswith(" ") else form
