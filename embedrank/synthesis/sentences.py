"""Sentences and clauses of a text, in many scripts, by their marks alone.

Thai, Lao and others end a sentence with a blank: there, parts between blanks count as clauses, and lines as sentences.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from embedrank.core.scripts import STACKED

Span = tuple[int, int]

_CLOSING: Final = "\"'”’»)\\]）】」』》〉"
_FULL: Final = "。！？｡।॥۔؟።፧၊။៕⸮"
_END: Final = re.compile(
    rf"[{_FULL}][{_FULL}{_CLOSING}]*"  # marks that end a sentence wherever they stand
    rf"|[.!?…]+[{_CLOSING}]*(?=\s|$)"  # marks that do so before a blank
    r"|\n\s*"
)
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|[^\W\d_]{1,2}\.[^\W\d_]|"
    r"St|Dr|Mr|Mrs|Ms|Prof|Jr|Sr|Nr|No|vs|etc|cf|al|ca|bzw|usw|ggf|vgl|approx|Fig|fig|Vol|vol|pp?|ed|Inc|Ltd|Co|Mt)$"
)
_LOWER_AFTER: Final = re.compile(r"\s*[a-zà-öø-ÿа-яё]")
_CLAUSE: Final = re.compile(r"[,;:](?=\s)|[，、；：،؛፣፤]|\s[–—-]\s|[()（）]")
_LAST_CHARS: Final = 12


def sentence_spans(text: str) -> list[Span]:
    """Where the sentences of a text stand.

    Args:
        text: Any text.

    Returns:
        Spans `(start, end)` in order, without the blanks around them; together they cover all that is no blank.
    """
    spans: list[Span] = []
    start = 0
    for mark in _END.finditer(text):
        if not _ends(text, start, mark):
            continue
        _append(spans, text, start, mark.end())
        start = mark.end()
    _append(spans, text, start, len(text))
    return spans


def clause_spans(text: str, sentence: Span) -> list[Span]:
    """Where the clauses of a sentence stand.

    Args:
        text: The text.
        sentence: Span of one of its sentences.

    Returns:
        Spans without the marks and blanks around them; the sentence alone where it has one clause.
    """
    start, end = sentence
    spans: list[Span] = []
    for mark in _clause_mark(text[start:end]).finditer(text, start, end):
        _append(spans, text, start, mark.start())
        start = mark.end()
    _append(spans, text, start, end)
    return spans


def has_unmarked_sentences(text: str) -> bool:
    """Whether a text is in a script that marks no ends of sentences, such as Thai."""
    return _stacked().search(text) is not None


def stripped_end(text: str) -> str:
    """A sentence without the marks that end it."""
    return text.rstrip().rstrip(f"{_FULL}.!?…,;:，、；：").rstrip()


def _ends(text: str, start: int, mark: re.Match[str]) -> bool:
    if not mark.group().startswith("."):
        return True
    if _LOWER_AFTER.match(text, mark.end()):
        return False
    return _ABBREVIATION.search(text, max(start, mark.start() - _LAST_CHARS), mark.start()) is None


def _append(spans: list[Span], text: str, start: int, end: int) -> None:
    part = text[start:end]
    if inner := part.strip():
        first = start + len(part) - len(part.lstrip())
        spans.append((first, first + len(inner)))


def _clause_mark(sentence: str) -> re.Pattern[str]:
    return _blank_clause() if has_unmarked_sentences(sentence) else _CLAUSE


@lru_cache(maxsize=1)
def _stacked() -> re.Pattern[str]:
    return re.compile(f"[{STACKED}]")


@lru_cache(maxsize=1)
def _blank_clause() -> re.Pattern[str]:
    return re.compile(rf"{_CLAUSE.pattern}|(?<=[{STACKED}])\s+(?=[{STACKED}])")
