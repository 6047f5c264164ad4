"""What a word is when lengths are asked for and checked, in all scripts alike.

Where words stand between spaces they are counted. Chinese and Japanese have no spaces: two characters count as a word;
Thai, Lao, Khmer and Burmese have none either: four characters with their marks do. These are about the mean lengths.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from embedrank.core.scripts import EAST_ASIAN, STACKED, mark_ranges

HANGUL: Final = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
"""Body of a character class: Korean, the East Asian script whose words stand between spaces."""

EAST_ASIAN_WORD: Final = 2
STACKED_WORD: Final = 4


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where the words of a text stand.

    Args:
        text: Any text.

    Returns:
        Spans `(start, end)` in order; a run of a script without spaces is cut into pieces as long as a word.
    """
    return [match.span() for match in _pattern().finditer(text)]


def words_of(text: str) -> list[str]:
    """The words of a text, as they stand."""
    return _pattern().findall(text)


def num_words(text: str) -> int:
    """Number of words of a text."""
    return sum(1 for _ in _pattern().finditer(text))


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    marks = mark_ranges()
    letter = f"[^\\W{EAST_ASIAN}{STACKED}][{marks}]*|[{HANGUL}]"
    joined = f"(?:{letter})+(?:['’.·_-](?:{letter})+)*"  # don't, U.S, well-known, snake_case
    east_asian = f"[{EAST_ASIAN}]{{1,{EAST_ASIAN_WORD}}}[{marks}]*"
    stacked = f"(?:[{STACKED}][{marks}]*){{1,{STACKED_WORD}}}"
    return re.compile(f"{joined}|{east_asian}|{stacked}")
