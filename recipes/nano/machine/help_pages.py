"""Paragraphs of LibreOffice's help, which carry the same id in every language."""

from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup

from machine.pair import Pair, tidy

LEAST_CHARS = 25


def help_pairs(folder: Path, lang: str) -> Iterator[Pair]:
    """Yield (English, translated) paragraphs of a language's folder; untranslated ones are left out."""
    for path in sorted((folder / "en-US" / "text").rglob("*.html")):
        other = folder / lang / path.relative_to(folder / "en-US")
        if other.exists():
            theirs = _paragraphs(other)
            for key, english in _paragraphs(path).items():
                text = theirs.get(key, "")
                if text and text != english and len(english) >= LEAST_CHARS:
                    yield Pair(english, text, lang, "libreoffice-help")


def _paragraphs(path: Path) -> dict[str, str]:
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")
    return {str(p["id"]): tidy(p.get_text(" ")) for p in page.find_all(["p", "h1", "h2"], id=True)}
