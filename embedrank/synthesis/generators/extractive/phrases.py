"""Key phrases of a text: runs of words between function words and punctuation, ranked by how often their words occur.

For languages without a list of function words short words in lower case count as such. Japanese phrases are runs of
characters other than hiragana; Chinese and Thai ones lie between function words cut out wherever they stand.

Source: Rose et al. 2010, "Automatic keyword extraction from individual documents" (RAKE), with frequency instead of
degree, and more for words of the title, for capitals and for an early place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from embedrank.core.scripts import EAST_ASIAN, STACKED, mark_ranges
from embedrank.core.settings import read_yaml
from embedrank.synthesis.data_files import data_file
from embedrank.synthesis.words import HANGUL

MAX_WORDS: Final = 4
_SHORT: Final = 3
_LOOK_BACK: Final = 8
_UNSPACED_CHARS: Final = {"ja": (2, 12), "zh": (2, 8), "th": (4, 24)}
_HIRAGANA: Final = "\u3041-\u3096\u309d-\u309f"
_DIGITS: Final = re.compile(r"[\d\W_]*")
_LIKE: Final = {"nb": "no", "nn": "no", "ms": "id"}
_NO_TOPIC_ENDINGS: Final = {"en": ("ly", "ed", "ing")}  # of words in lower case: how, and what was done


def key_phrases(text: str, title: str, lang: str | None) -> list[str]:
    """Phrases that say what a text is about.

    Args:
        text: The text.
        title: Its title; words of it count for more.
        lang: Its language, where known.

    Returns:
        Phrases as they stand in the text, best first; none repeats a word of a better one.
    """
    candidates = list(_candidates(text, _LIKE.get(lang or "", lang)))
    counts = Counter(unit for phrase, _ in candidates for unit in _units(phrase))
    in_title = set(_units(title))
    scores: dict[str, float] = {}
    for place, (phrase, is_name) in enumerate(candidates):
        units = _units(phrase)
        score = sum(counts[unit] * (1.5 if unit in in_title else 1.0) for unit in units)
        score *= (2.0 if is_name else 1.0) * (1 + 1 / (1 + place / 8)) / (1 + 0.4 * (len(units) - 1))
        scores[phrase] = max(score, scores.get(phrase, 0.0))
    return _distinct(sorted(scores, key=lambda phrase: (-scores[phrase], phrase)))


def share_words(one: str, other: str) -> bool:
    """Whether two phrases have a word in common; in scripts without spaces, a pair of characters."""
    return not set(_units(one)).isdisjoint(_units(other))


def _distinct(ranked: Sequence[str]) -> list[str]:
    kept: list[str] = []
    seen: set[str] = set()
    for phrase in ranked:
        units = set(_units(phrase))
        if not units & seen:
            kept.append(phrase)
            seen |= units
    return kept


def _units(phrase: str) -> list[str]:
    """What is counted: words; of a script without spaces overlapping pairs of characters."""
    folded = phrase.casefold()
    if _unspaced().search(folded):
        return [folded[place : place + 2] for place in range(len(folded) - 1)] or [folded]
    return folded.split()


def _candidates(text: str, lang: str | None) -> Iterator[tuple[str, bool]]:
    """Phrases in the order of the text, and whether each looks like a name."""
    for match in _segments().finditer(text):
        segment = match.group()
        if match.lastgroup == "unspaced":
            for phrase in _unspaced_phrases(segment, _script(segment, lang)):
                yield phrase, False
        else:
            before = text[max(0, match.start() - _LOOK_BACK) : match.start()].rstrip()
            is_first = before[-1:] in ".!?:"  # an empty one too
            yield from _spaced_phrases(segment.split(), lang, is_first=is_first)


def _spaced_phrases(words: Sequence[str], lang: str | None, *, is_first: bool) -> Iterator[tuple[str, bool]]:
    run: list[str] = []
    for place, word in enumerate([*words, ""]):
        if word and not _is_function_word(word, lang):
            run.append(word)
            continue
        if run and len(run) <= MAX_WORDS and not _DIGITS.fullmatch(" ".join(run)):
            begins = is_first and place == len(run)
            is_name = all(part[:1].isupper() or part[:1].isdigit() for part in run)
            yield " ".join(run), is_name and (not begins or len(run) > 1)
        run = []


def _unspaced_phrases(segment: str, script: str) -> Iterator[str]:
    least, most = _UNSPACED_CHARS[script]
    splitter = rf"[{_HIRAGANA}]+" if script == "ja" else _cut_words(script)
    for phrase in re.split(splitter, segment):
        if least <= len(phrase) <= most and not _DIGITS.fullmatch(phrase):
            yield phrase


def _script(segment: str, lang: str | None) -> str:
    if lang in _UNSPACED_CHARS:
        return lang
    if re.search(f"[{STACKED}]", segment):
        return "th"
    return "ja" if re.search(f"[{_HIRAGANA}]", segment) else "zh"


def _is_function_word(word: str, lang: str | None) -> bool:
    known = _function_words(lang or "")
    if known:
        endings = _NO_TOPIC_ENDINGS.get(lang or "", ())
        return word.casefold() in known or (word.islower() and bool(endings) and word.endswith(endings))
    return len(word) <= _SHORT and not word[:1].isupper() and not word[:1].isdigit()


@cache
def _lists() -> dict[str, str]:
    return read_yaml(data_file("function_words.yaml"))


@cache
def _function_words(lang: str) -> frozenset[str]:
    return frozenset(_lists().get(lang, "").split())


@cache
def _cut_words(script: str) -> str:
    words = sorted(_lists()[script].split(), key=len, reverse=True)
    return "|".join(map(re.escape, words))


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(f"(?![{HANGUL}])[{EAST_ASIAN}{STACKED}]")


@cache
def _segments() -> re.Pattern[str]:
    marks = mark_ranges()
    unspaced = f"(?:(?![{HANGUL}])[{EAST_ASIAN}{STACKED}][{marks}]*|[A-Za-z0-9・])+"
    word = f"(?:[^\\W{EAST_ASIAN}{STACKED}][{marks}]*|[{HANGUL}])"
    words = f"{word}+(?:(?:[ '’·_-]|\\.(?=\\w)|(?<=\\b[A-Z])\\. ){word}+)*"
    return re.compile(
        f"(?P<unspaced>(?=[A-Za-z0-9・]*(?![{HANGUL}])[{EAST_ASIAN}{STACKED}]){unspaced})|(?P<spaced>{words})"
    )
