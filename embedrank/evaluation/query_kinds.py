"""What kind of query it is: by length, language and type."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from embedrank.core.scripts import EAST_ASIAN, STACKED
from embedrank.evaluation.beir import BeirSet

_UNSPACED: Final = re.compile(f"[{EAST_ASIAN}{STACKED}]")
_WORD: Final = re.compile(r"\w+")
_LENGTHS: Final = ((3, "up to 3 words"), (7, "4 to 7 words"), (15, "8 to 15 words"), (31, "16 to 31 words"))
_LONGEST: Final = "32 words or more"
_QUESTION_MARKS: Final = ("?", "？", "؟", "՞", "\u037e")  # the last is Greek
_QUESTION_WORDS: Final = re.compile(
    r"(who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|can|could|should|will|would|has|have)\b",
    re.IGNORECASE,
)
_FEW_WORDS: Final = 4


def num_words(text: str) -> int:
    """Words of a text; where words are written without spaces, every two characters count as one.

    Args:
        text: In any script.

    Returns:
        The number, 0 for a text without letters or digits.
    """
    unspaced = len(_UNSPACED.findall(text))
    return len(_WORD.findall(_UNSPACED.sub(" ", text))) + -(-unspaced // 2)


def length_class(text: str) -> str:
    """How long a query is, in words that say so."""
    count = num_words(text)
    return next((name for most, name in _LENGTHS if count <= most), _LONGEST)


def writing_of(text: str) -> str:
    """The script that most letters belong to, such as `Latin script`; `no letters` where there is none."""
    scripts = Counter(unicodedata.name(letter, "?").split()[0].title() for letter in text if letter.isalpha())
    return f"{scripts.most_common(1)[0][0].replace('Cjk', 'Han')} script" if scripts else "no letters"


def form_of(text: str) -> str:
    """`question` by its mark or an English question word, `keywords` up to four words, else `statement`."""
    stripped = text.strip()
    if stripped.endswith(_QUESTION_MARKS) or _QUESTION_WORDS.match(stripped):
        return "question"
    return "keywords" if num_words(stripped) <= _FEW_WORDS else "statement"


def language_in(dataset: BeirSet, query: str) -> str:
    """The language of a query: its row's, else the part of the split after the dot, else the script it is written in.

    Args:
        dataset: Where the query is from.
        query: Its id.

    Returns:
        The language.
    """
    told = dataset.languages.get(query) or dataset.split.partition(".")[2]
    return told or writing_of(dataset.queries[query])


KINDS: Final[Mapping[str, Callable[[BeirSet, str], str]]] = MappingProxyType(
    {
        "length": lambda dataset, query: length_class(dataset.queries[query]),
        "language": language_in,
        "type": lambda dataset, query: dataset.types.get(query) or form_of(dataset.queries[query]),
    }
)
"""Name of a way to slice queries to what tells the slice of one. A row's own `type` wins over its form."""
