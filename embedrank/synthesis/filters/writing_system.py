"""Which letters a language is written with, and which languages are too alike to be told apart in a line of text."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from embedrank.synthesis.data_files import data_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """What is known of languages, by ISO code.

    Attributes:
        scripts: Scripts of those that are not written in Latin letters alone, as in the names of Unicode characters.
        alike: Groups that are not told apart.
    """

    scripts: dict[str, frozenset[str]]
    alike: tuple[frozenset[str], ...]

    def scripts_of(self, lang: str) -> frozenset[str]:
        """The scripts of one language."""
        return self.scripts.get(lang, frozenset({"LATIN"}))

    def like(self, lang: str) -> frozenset[str]:
        """A language and those that are not told apart from it."""
        return next((group for group in self.alike if lang in group), frozenset({lang}))


@lru_cache(maxsize=1)
def languages() -> Languages:
    """The table that ships with the package."""
    table = json.loads(data_file("filters", "writing_systems.json").read_text(encoding="utf-8"))
    return Languages(
        scripts={lang: frozenset(names) for lang, names in table["scripts"].items()},
        alike=tuple(map(frozenset, table["alike"])),
    )


def scripts_in(text: str) -> frozenset[str]:
    """The scripts of the letters of a text.

    Args:
        text: Any text.

    Returns:
        First words of the names of its letters, such as `LATIN` or `CJK`; empty where there are no letters.
    """
    return frozenset(_script(letter) for letter in text if letter.isalpha())


@lru_cache(maxsize=1 << 16)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0]
