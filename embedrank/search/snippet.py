"""The part of a text that is worth showing in a list of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A short run of a text with the spans to mark in it.

    Attributes:
        text: The run, white space collapsed, with `…` where it was cut.
        marks: Character spans `(start, end)` of this `text`.
    """

    text: str
    marks: Sequence[tuple[int, int]]


def snippet(text: str, highlights: Sequence[tuple[int, int]], *, width: int) -> Snippet:
    """Cut the window with the most highlighted characters out of a text.

    Args:
        text: The whole text.
        highlights: Spans of `text` in order, not overlapping.
        width: Characters to show at most, without the `…`.

    Returns:
        The earliest best window.
    """
    flat, moved = _collapsed(text, highlights)
    if len(flat) <= width:
        return Snippet(text=flat, marks=moved)
    start = _word_start(flat, _best_start(moved, width))
    end = _word_end(flat, min(start + width, len(flat)))
    before, after = "…" if start > 0 else "", "…" if end < len(flat) else ""
    shift = len(before) - start
    marks = [(max(low, start) + shift, min(high, end) + shift) for low, high in moved if high > start and low < end]
    return Snippet(text=f"{before}{flat[start:end]}{after}", marks=marks)


def _collapsed(text: str, highlights: Sequence[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """Make every run of white space one blank and move the spans along."""
    places: list[int] = []
    kept: list[str] = []
    for character in text:
        places.append(len(kept))
        if not character.isspace():
            kept.append(character)
        elif kept and kept[-1] != " ":
            kept.append(" ")
    places.append(len(kept))
    flat = "".join(kept).rstrip()
    moved = [(places[low], min(places[high], len(flat))) for low, high in highlights]
    return flat, [(low, high) for low, high in moved if low < high]


def _best_start(marks: Sequence[tuple[int, int]], width: int) -> int:
    """Where the window with the most marked characters begins, with some room before its first mark."""
    if not marks:
        return 0
    covered = [sum(high - low for low, high in marks if low >= first and high <= first + width) for first, _ in marks]
    first = marks[covered.index(max(covered))][0]
    return max(0, first - width // 6)


def _word_start(text: str, place: int) -> int:
    blank = text.rfind(" ", max(0, place - 20), place)
    return blank + 1 if blank >= 0 else place


def _word_end(text: str, place: int) -> int:
    if place == len(text):
        return place
    blank = text.rfind(" ", max(0, place - 20), place + 1)
    return blank if blank > 0 else place
