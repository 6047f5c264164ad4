"""Statements of a wished length in a text: sentences, or runs of clauses inside one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from embedrank.synthesis.sentences import Span, clause_spans, has_unmarked_sentences, sentence_spans
from embedrank.synthesis.words import num_words, words_of

_LEAST_LEFT: Final = 0.5
_CONTENT_CHARS: Final = 4
_BRACKETS: Final = ("()", "[]", "（）", "「」", "『』", "“”", "«»", "《》", "【】")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A part of a text.

    Attributes:
        text: It, to the letter.
        removed: What goes from the text with it: its sentence, or where that is most of the text the part alone.
        is_whole: Whether it is a whole sentence.
        is_beginning: Whether a sentence begins with it.
    """

    text: str
    removed: str
    is_whole: bool
    is_beginning: bool


def statements(text: str, low: int, high: int, *, is_removed: bool = True) -> list[Statement]:
    """All parts of the wished length.

    Args:
        text: The text.
        low: Fewest words.
        high: Most words.
        is_removed: Whether the statement is to go from the text, so that half of it has to be left.

    Returns:
        Of each sentence that has such a part the longest: whole sentences first, then beginnings of sentences, then
        others, each group in the order of the text.
    """
    half = int(num_words(text) * (1 - _LEAST_LEFT))
    found = []
    for sentence in sentence_spans(text):
        is_most = is_removed and num_words(text[slice(*sentence)]) > half
        span = _fitting(text, sentence, low, min(high, half) if is_most else high)
        if span is not None:
            found.append(
                Statement(
                    text=text[slice(*span)],
                    removed=text[slice(*(span if is_most else sentence))],
                    is_whole=span == sentence,
                    is_beginning=span[0] == sentence[0],
                )
            )
    return sorted(found, key=lambda statement: (not statement.is_whole, not statement.is_beginning))


def most_central(text: str, found: Sequence[Statement]) -> Statement:
    """The statement whose words occur most often in a text.

    Args:
        text: The text.
        found: Statements of it, at least one.

    Returns:
        The best whole sentence, or the best part where there is none.
    """
    counts = Counter(_content(text))
    whole = [statement for statement in found if statement.is_whole] or found

    def weight(statement: Statement) -> float:
        units = _content(statement.text)
        return sum(counts[unit] for unit in set(units)) / (4 + len(units))

    return max(whole, key=weight)


def _content(text: str) -> list[str]:
    """Words with some length; pieces of scripts without spaces all count."""
    return [word.casefold() for word in words_of(text) if len(word) >= _CONTENT_CHARS or not word.isascii()]


def _is_balanced(part: str) -> bool:
    """Whether no bracket is opened or closed alone."""
    return all(part.count(opening) == part.count(closing) for opening, closing in _BRACKETS)


def _fitting(text: str, sentence: Span, low: int, high: int) -> Span | None:
    """The sentence, or else its longest run of clauses with a wished number of words."""
    length = num_words(text[slice(*sentence)])
    if low <= length <= high:
        return sentence
    if length < low:
        return None
    clauses = clause_spans(text, sentence)
    lengths = [num_words(text[slice(*clause)]) for clause in clauses]
    # A smaller part of a sentence says little by itself; in scripts that do not mark sentences any clause may.
    least = low if has_unmarked_sentences(text) else max(low, math.ceil(length / 2))
    best, best_length = None, least - 1
    for first in range(len(clauses)):
        total = 0
        for last in range(first, len(clauses)):
            total += lengths[last]
            if total > high:
                break
            if total > best_length and _is_balanced(text[clauses[first][0] : clauses[last][1]]):
                best, best_length = (clauses[first][0], clauses[last][1]), total
    return best
