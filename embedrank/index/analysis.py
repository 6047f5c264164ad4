"""The lexical analyser: the one rule by which documents and queries become terms for BM25.

Words are folded (NFKC, case, accents) and stemmed by their script, identifiers are split and kept whole,
scripts without spaces become overlapping runs of characters: one and two for Chinese, Japanese and Korean, three for
Thai, Lao, Khmer and Myanmar (measured on training queries; see LOG.md).
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Final

from embedrank.core.scripts import EAST_ASIAN, STACKED, folds_accents, is_stacked, mark_ranges, stemming_language

ANALYSER_VERSION: Final = "1"
"""Changes whenever the same text would give other terms; an index stores it."""

MAX_TERM_CHARS: Final = 64
_FUNCTION_WORDS_TEXT: Final = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they "
    "this to was will with"
)
FUNCTION_WORDS: Final = frozenset(_FUNCTION_WORDS_TEXT.split())
"""Lucene's default English list; documents keep these words, queries drop them."""

EAST_ASIAN_GRAM: Final = 2
STACKED_GRAM: Final = 3
_CACHED_WORDS: Final = 1 << 17
_SAME_LETTER: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
    | {"ё": "е", "\u0300": "", "\u0301": ""}  # Russian spells both ways; stress marks in encyclopedias
    | {"ـ": "", "ة": "ه", "ى": "ي", "\u200c": "", "\u200d": ""}  # Arabic stretching and final letters; joiners
)
_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9_]+")
_DIGITS_OR_LETTERS: Final = re.compile(r"\d+|[^\d_]+")


def terms(text: str) -> list[str]:
    """Cut a text into the terms that lexical search compares.

    Args:
        text: Any text, a document or a query.

    Returns:
        Terms in reading order, with repeats; none holds white space.
    """
    found: list[str] = []
    for match in _pattern().finditer(text):
        word = match.group()
        if match.lastgroup == "grams":
            found.extend(term for term, _, _ in _grams(word))
        else:
            found.extend(_word_terms(word))
    return found


def query_terms(query: str) -> list[str]:
    """The terms of a query that are worth looking up: without English function words, unless it has nothing else.

    Identifiers in code are full of `is`, `for` and `not`, which makes them rare words that mean nothing there.

    Args:
        query: A query.

    Returns:
        Terms in reading order, with repeats.
    """
    found = terms(query)
    return [term for term in found if term not in FUNCTION_WORDS] or found


def term_spans(text: str) -> list[tuple[str, int, int]]:
    """Cut a text into terms and tell where each stands.

    Args:
        text: Any text.

    Returns:
        `(term, start, end)` in the order of `terms`; `text[start:end]` is what the term was made of.
    """
    found: list[tuple[str, int, int]] = []
    for match in _pattern().finditer(text):
        word, start = match.group(), match.start()
        if match.lastgroup == "grams":
            found.extend((term, start + low, start + high) for term, low, high in _grams(word))
        else:
            found.extend((term, start + low, start + high) for term, low, high in _word_spans(word))
    return found


def highlights(text: str, query_terms: Collection[str]) -> list[tuple[int, int]]:
    """Where a text shows terms of a query.

    Args:
        text: The text shown.
        query_terms: `terms` of the query.

    Returns:
        Character spans `(start, end)` in order, touching and overlapping ones joined.
    """
    wanted = frozenset(query_terms)
    spans: list[tuple[int, int]] = []
    for _, start, end in sorted((span for span in term_spans(text) if span[0] in wanted), key=lambda span: span[1:]):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    marks = mark_ranges()
    grams = f"[{STACKED}][{STACKED}{marks}]*|[{EAST_ASIAN}][{EAST_ASIAN}{marks}]*"
    language = r"(?<![A-Za-z0-9_])[A-Za-z](?:\+\+|#)(?![\w+#])"  # C++, C#, F#
    return re.compile(f"(?P<grams>{grams})|{language}|(?:[^\\W{EAST_ASIAN}{STACKED}][{marks}]*)+")


class _Stemmers(threading.local):
    """The stemmers of one thread: one keeps the word that it is at in itself, so that threads cannot share it."""

    def __init__(self) -> None:
        self.by_language: dict[str, Callable[[str], str]] = {}

    def of(self, language: str) -> Callable[[str], str]:
        import snowballstemmer

        if language not in self.by_language:
            self.by_language[language] = snowballstemmer.stemmer(language).stemWord
        return self.by_language[language]


_STEMMERS: Final = _Stemmers()


@lru_cache(maxsize=_CACHED_WORDS)
def _stem(language: str, word: str) -> str:
    return _STEMMERS.of(language)(word)


def _grams(run: str) -> Iterator[tuple[str, int, int]]:
    """Overlapping runs of characters of a text without spaces."""
    characters, starts = _aligned(run)
    length = len(characters)
    size = STACKED_GRAM if length and is_stacked(characters[0]) else EAST_ASIAN_GRAM
    if size == EAST_ASIAN_GRAM or length < size:
        for place in range(length):
            yield characters[place], starts[place], starts[place + 1]
    for place in range(length - size + 1):
        yield characters[place : place + size], starts[place], starts[place + size]


def _aligned(run: str) -> tuple[str, list[int]]:
    """The run in NFKC and, for each of its characters and its end, the place in the run where it begins."""
    whole = unicodedata.normalize("NFKC", run)
    if len(whole) == len(run):
        return whole, list(range(len(run) + 1))
    characters: list[str] = []
    starts: list[int] = []
    for match in re.finditer(f".[{mark_ranges()}\u1160-\u11ff\uff9e\uff9f]*", run, re.DOTALL):
        for character in "".join(unicodedata.normalize("NFKC", match.group()).split()):
            characters.append(character)
            starts.append(match.start())
    return "".join(characters), [*starts, len(run)]


@lru_cache(maxsize=_CACHED_WORDS)
def _word_terms(word: str) -> tuple[str, ...]:
    return tuple(term for term, _, _ in _word_spans(word))


def _word_spans(word: str) -> list[tuple[str, int, int]]:
    """The parts of an identifier and then the whole, joined; an ordinary word is its own only part."""
    if word[-1] in "+#":
        return [(word.lower(), 0, len(word))]
    pieces = [(match.start(), match.end()) for match in _parts_of(word)]
    spans = [(_fold(word[low:high]), low, high) for low, high in pieces]
    if len(spans) > 1:
        spans.append((_fold(word.replace("_", "")), 0, len(word)))
    return [(term[:MAX_TERM_CHARS], low, high) for term, low, high in spans if term]


def _parts_of(word: str) -> Iterator[re.Match[str]]:
    return (_PARTS if word.isascii() else _DIGITS_OR_LETTERS).finditer(word)


def _fold(part: str) -> str:
    """NFKC, lower case, no accents where they are no letters of their own, then the stem."""
    folded = part.lower()
    if not part.isascii():
        folded = unicodedata.normalize("NFKC", part).casefold()
        if all(map(folds_accents, folded)):
            folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
        folded = "".join(unicodedata.normalize("NFC", folded.translate(_SAME_LETTER)).split())
    language = stemming_language(folded) if 1 < len(folded) <= MAX_TERM_CHARS else None
    return _stem(language, folded) if language else folded
