"""The comment that documents code, in many programming languages: where it stands and what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_PYTHON: Final = re.compile(
    r"(?:\A|\b(?:def|class)\b[^\n]*?(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?[^\n:]*:[ \t]*(?:\#[^\n]*)?\n)"
    r"(?P<comment>[ \t]*[rRuU]?(?P<quote>\"\"\"|''')(?P<body>.*?)(?P=quote)[ \t]*(?:\n|\Z))",
    re.DOTALL,
)
_BLOCK: Final = re.compile(r"\A(?P<comment>\s*/\*+(?P<body>.*?)\*/[ \t]*\n?)", re.DOTALL)
_LINES: Final = re.compile(r"\A(?P<comment>(?:[ \t]*\n)*(?P<body>(?:[ \t]*(?://[/!]?|\#(?![!\[])|--)[^\n]*\n)+))")
_LINE_MARK: Final = re.compile(r"^[ \t]*(?://[/!]?|#|--|\*)[ \t]?", re.MULTILINE)
_SECTION: Final = re.compile(
    r"\n\s*\n|^\s*(?:@\w|:\w+|\\param|Args?:|Arguments?:|Parameters?\b|Params?:|Returns?:|Yields?:|Raises?:|Examples?\b|"
    r"Notes?:|See also|>>>|# (?:Examples?|Panics|Errors|Safety)|```|<p>|-{3,})",
    re.MULTILINE | re.IGNORECASE,
)
_TAG: Final = re.compile(r"\{@\w+\s+([^}]*)\}|</?\w+>|`+")
_LEGAL: Final = re.compile(
    r"copyright|licen[cs]e|all rights reserved|spdx|^\W*(?:eslint|pylint|noqa|type:)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment.

    Attributes:
        text: What its first paragraph says, on one line, without marks.
        removed: The comment to the letter, with the line it stands on.
    """

    text: str
    removed: str


def documenting_comment(code: str) -> Comment | None:
    """The docstring of the first definition, or the comment that the code begins with.

    Args:
        code: A definition or a file.

    Returns:
        The comment; None where there is none, where it says nothing, or where it is about licences.
    """
    for pattern in (_PYTHON, _BLOCK, _LINES):
        if found := pattern.search(code):
            text = _first_paragraph(found["body"])
            if text and not _LEGAL.search(text):
                return Comment(text=text, removed=found["comment"])
    return None


def _first_paragraph(body: str) -> str:
    plain = _LINE_MARK.sub("", body.strip("\n")).strip(" \t*!")
    paragraph = _SECTION.split(plain.strip(), maxsplit=1)[0]
    return " ".join(_TAG.sub(lambda tag: tag[1] or "", paragraph).split())
