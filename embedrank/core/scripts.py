"""Which characters make words, and which scripts write words without spaces between them.

The ranges are Unicode blocks cut down to letters and their marks. Source: Unicode 15 Blocks.txt; UAX 29 leaves these
scripts to dictionaries, and overlapping character pairs are the usual stand-in (Lucene CJKAnalyzer).
"""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache
from typing import Final

_EAST_ASIAN: Final = (
    (0x1100, 0x11FF),  # Hangul Jamo
    (0x2E80, 0x2FD5),  # Han radicals
    (0x3005, 0x3007),  # iteration mark, closing mark, zero
    (0x3021, 0x3029),
    (0x3041, 0x309F),  # Hiragana
    (0x30A1, 0x30FA),  # Katakana, without the middle dot
    (0x30FC, 0x312F),  # Katakana length and iteration marks, Bopomofo
    (0x3131, 0x318E),  # Hangul compatibility Jamo
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA960, 0xA97C),
    (0xAC00, 0xD7FB),  # Hangul syllables
    (0xF900, 0xFAFF),
    (0xFF66, 0xFFDC),  # half-width Katakana and Hangul
    (0x1B000, 0x1B16F),
    (0x20000, 0x323AF),
)
_SOUTH_EAST_ASIAN: Final = (
    (0x0E01, 0x0E3A),  # Thai, without currency sign and digits
    (0x0E40, 0x0E4E),
    (0x0E81, 0x0EBD),  # Lao
    (0x0EC0, 0x0ECE),
    (0x0EDC, 0x0EDF),
    (0x1000, 0x103F),  # Myanmar
    (0x1050, 0x109F),
    (0x1780, 0x17D3),  # Khmer
    (0x17DC, 0x17DD),
    (0xA9E0, 0xA9FE),
    (0xAA60, 0xAA7F),
)
_JOINERS: Final = "\u200c\u200d"
_FOLDABLE: Final = (
    (0x0000, 0x03FF),  # Latin, Greek, and the marks themselves
    (0x0530, 0x06FF),  # Armenian, Hebrew, Arabic
    (0x1E00, 0x1FFF),  # Latin Extended Additional, Greek Extended
)


def _ranges(pairs: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in pairs)


EAST_ASIAN: Final = _ranges(_EAST_ASIAN)
"""Body of a character class: Chinese, Japanese and Korean, written without spaces or with spaces of little meaning."""

STACKED: Final = _ranges(_SOUTH_EAST_ASIAN)
"""Body of a character class: scripts without spaces that stack vowels and tones around a consonant."""


@lru_cache(maxsize=1)
def mark_ranges() -> str:
    r"""Body of a character class: every combining mark and the zero-width joiners, which `\w` leaves out."""
    spans: list[list[int]] = []
    for code in range(0x300, min(sys.maxunicode, 0x1F000)):
        if unicodedata.category(chr(code))[0] != "M":
            continue
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return _ranges(tuple((low, high) for low, high in spans)) + _JOINERS


def folds_accents(character: str) -> bool:
    """Whether marks over letters of this script may be dropped; in Indic and Cyrillic they make other letters."""
    code = ord(character)
    return any(low <= code <= high for low, high in _FOLDABLE)


def is_stacked(character: str) -> bool:
    """Whether the character belongs to `STACKED`."""
    code = ord(character)
    return any(low <= code <= high for low, high in _SOUTH_EAST_ASIAN)


def stemming_language(word: str) -> str | None:
    """The Snowball language for a folded word, judged by its script alone; None where it is not stemmed."""
    if word.isascii():
        return "english" if word.isalpha() else None
    code = ord(word[0])
    if 0x0620 <= code <= 0x06FF:
        return "arabic"
    return "russian" if 0x0430 <= code <= 0x045F else None
