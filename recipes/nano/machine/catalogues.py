"""Messages of compiled gettext catalogues: the English message and its translation."""

import gettext
import re
from collections.abc import Iterator
from pathlib import Path

from machine.pair import Pair, tidy

_MARKS = re.compile(r"[_~&](?=\w)")
_CODE = re.compile(r"%[\d$]*[sdifcul]|\{\d*\}|<[^>]+>|\\n|--?\w+")
LEAST_CHARS = 4


def catalogue_pairs(folder: Path, langs: tuple[str, ...]) -> Iterator[Pair]:
    """Yield the messages of every `LANG/LC_MESSAGES/*.mo` below a folder that are texts and not patterns."""
    for path in sorted(folder.rglob("*.mo")):
        lang = path.parent.parent.name
        if path.parent.name != "LC_MESSAGES" or lang.split("@")[0] not in langs:
            continue
        try:
            with path.open("rb") as file:
                messages = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        for message, translation in messages.items():
            pair = _pair(message, translation, lang)
            if pair:
                yield pair


def _pair(message: object, translation: object, lang: str) -> Pair | None:
    if not isinstance(message, str) or not isinstance(translation, str):
        return None
    message = message.rsplit("\x04", 1)[-1]
    if "|" in message or _CODE.search(message):
        return None
    english, other = (tidy(_MARKS.sub("", text)).rstrip(".:… ") for text in (message, translation))
    letters = sum(c.isalpha() for c in english)
    if len(english) < LEAST_CHARS or letters < 0.6 * len(english) or not other or english == other:
        return None
    return Pair(english, other, lang, "gettext")
