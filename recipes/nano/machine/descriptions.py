"""Descriptions of Debian packages and their translations, as `apt-get update` leaves them.

Fetch them with `apt-get -o Acquire::Languages=en,de,... update`.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from machine.pair import Pair, tidy

LISTS = Path("/var/lib/apt/lists")
_BULLET = re.compile(r"\n \.\n")


def description_pairs(lang: str) -> Iterator[Pair]:
    """Yield the summary, and paragraph after paragraph, of each package in English and in another language."""
    english = _read("en")
    for key, (summary, paragraphs) in _read(lang).items():
        if key not in english:
            continue
        english_summary, english_paragraphs = english[key]
        yield Pair(english_summary, summary, lang, "debian-descriptions")
        if len(paragraphs) == len(english_paragraphs):
            for ours, theirs in zip(english_paragraphs, paragraphs, strict=True):
                if ours != theirs and len(ours) > 40:
                    yield Pair(ours, theirs, lang, "debian-descriptions")


def english_descriptions() -> Iterator[Pair]:
    """Yield the English summary with the first paragraph, and longer paragraphs alone."""
    for summary, paragraphs in _read("en").values():
        yield Pair(tidy(f"{summary}. {paragraphs[0] if paragraphs else ''}"), "", "en", "debian-descriptions")
        yield from (Pair(part, "", "en", "debian-descriptions") for part in paragraphs[1:] if len(part) > 80)


def _read(lang: str) -> dict[str, tuple[str, list[str]]]:
    """Descriptions by the hash that apt knows a text by."""
    found: dict[str, tuple[str, list[str]]] = {}
    for path in sorted(LISTS.glob(f"*_main_i18n_Translation-{lang.replace('_', '%5f')}*")):
        text = subprocess.run(
            ["/usr/lib/apt/apt-helper", "cat-file", str(path)], check=True, capture_output=True
        ).stdout
        for block in text.decode().split("\n\n"):
            key = re.search(r"^Description-md5: (\w+)", block, re.MULTILINE)
            body = re.search(r"^Description-[A-Za-z_]+: (.*(?:\n .*)*)", block, re.MULTILINE)
            if key and body:
                summary, _, rest = body.group(1).partition("\n")
                paragraphs = [tidy(part) for part in _BULLET.split(rest)]
                found[key.group(1)] = (tidy(summary), [p for p in paragraphs if p and "  * " not in p])
    return found
