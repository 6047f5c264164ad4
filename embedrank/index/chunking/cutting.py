"""Cuts a stretch of text into pieces that fit, at the best boundary there is.

Paragraphs first, then lines, sentences, clauses, words; inside a word only where a single one is larger than a piece
or its script has no spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, TypeAlias

from embedrank.core.scripts import EAST_ASIAN, mark_ranges

Span: TypeAlias = tuple[int, int]

_BOUNDARIES: Final = (
    r"\n[^\S\n]*\n\s*",
    r"\n",
    r"[.!?…؟।॥]+[\"'”’»)\]]*\s+|[。！？．；]+[」』”’）】]*",
    r"[,;:،、，：]\s*|(?<=\s)[-–—]\s+",
    r"\s+",
)
"""Each matches what stands at the end of a piece, from the strongest boundary to the weakest."""

_PATTERNS: Final = tuple(re.compile(boundary) for boundary in _BOUNDARIES)
_WIDE: Final = re.compile(f"[{EAST_ASIAN}]")


class Measure:
    """The size of any stretch of one text."""

    def __init__(self, text: str) -> None:
        self._sums: list[int] | None = None
        if not text.isascii() and _WIDE.search(text):
            self._sums = [0, *accumulate(2 if _WIDE.match(character) else 1 for character in text)]

    def size(self, start: int, end: int) -> int:
        """Characters from start to end, wide ones counted double."""
        return end - start if self._sums is None else self._sums[end] - self._sums[start]


def cut(text: str, start: int, end: int, *, limit: int, measure: Measure) -> list[Span]:
    """Cut a stretch of a text into pieces.

    Args:
        text: The whole text.
        start: Where the stretch begins.
        end: Where it ends.
        limit: Largest size of a piece.
        measure: Sizes in this text.

    Returns:
        Adjoining spans from start to end.
    """
    return list(_cut(text, start, end, limit, measure, 0))


def _cut(text: str, start: int, end: int, limit: int, measure: Measure, level: int) -> Iterator[Span]:
    if measure.size(start, end) <= limit:
        yield start, end
    elif level == len(_PATTERNS):
        yield from _cut_word(text, start, end, limit, measure)
    else:
        begin = start
        for low, high in _segments(text, start, end, level):
            if measure.size(begin, high) <= limit:
                continue
            if begin < low:
                yield begin, low
            begin = low
            if measure.size(low, high) > limit:
                *whole, (begin, _) = _cut(text, low, high, limit, measure, level + 1)
                yield from whole
        if begin < end:
            yield begin, end


def _segments(text: str, start: int, end: int, level: int) -> Iterator[Span]:
    begin = start
    for match in _PATTERNS[level].finditer(text, start, end):
        if match.end() > begin:
            yield begin, match.end()
            begin = match.end()
    if begin < end:
        yield begin, end


def _cut_word(text: str, start: int, end: int, limit: int, measure: Measure) -> Iterator[Span]:
    """Cut where there is no boundary at all, but never between a letter and its marks."""
    mark = _mark()
    begin = start
    place = start
    while place < end:
        following = place + 1
        while following < end and mark.match(text, following):
            following += 1
        if place > begin and measure.size(begin, following) > limit:
            yield begin, place
            begin = place
        place = following
    yield begin, end


def _mark() -> re.Pattern[str]:
    return re.compile(f"[{mark_ranges()}]")
