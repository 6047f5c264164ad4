"""A pair of an English text and the same in another language; or an English text alone."""

import re
from typing import NamedTuple

MAX_CHARS = 600
_SPACE = re.compile(r"\s+")


class Pair(NamedTuple):
    """An English text with its translation.

    Attributes:
        english: The English side.
        text: The other side; empty for an English text alone.
        lang: Language of the other side.
        source: Where it is from.
    """

    english: str
    text: str
    lang: str
    source: str


def tidy(text: str) -> str:
    """Fold white space and cut to `MAX_CHARS`, at a word where there is one."""
    folded = _SPACE.sub(" ", text).strip()
    return folded if len(folded) <= MAX_CHARS else folded[:MAX_CHARS].rsplit(" ", 1)[0]
