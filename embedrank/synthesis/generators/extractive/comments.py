"""The comment that documents code, in many programming languages: where it stands and what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_DOCSTRING: Final = re.compile(r"^[ \t]*[rRuU]?(?P<quote>\"\"\"|''')", re.MULTILINE)
_BLOCK: Final = re.compile(r"\A(?P<comment>\s*/\*(?P<body>.*?)\*/[ \t]*\n?)", re.DOTALL)
_LINES: Final = re.compile(r"\A(?P<comment>(?:[ \t]*\n)*(?P<body>(?:[ \t]*(?://[/!]?|\#(?![!\[])|--)[^\n]*\n)+))")
_LINE_MARK: Final = re.compile(r"^[ \t]*(?://[/!]?|#|--|\*)[ \t]?", re.MULTILINE)
_SECTION: Final = re.compile(
    r"\n[ \t]*\n|^[ \t]*(?:@\w|:\w+|\\param|Args?:|Arguments?:|Parameters?\b|Params?:|Returns?:|Yields?:|Raises?:|"
    r"Examples?\b|Notes?:|See also|>>>|# (?:Examples?|Panics|Errors|Safety)|```|<p>|-{3,})",
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
    for body, removed in (_docstring(code), _matched(_BLOCK, code), _matched(_LINES, code)):
        text = _first_paragraph(body)
        if text and not _LEGAL.search(text):
            return Comment(text=text, removed=removed)
    return None


def _docstring(code: str) -> tuple[str, str]:
    """The first string in three quotes that begins a line, if it stands at the start or behind the colon of a head."""
    opening = _DOCSTRING.search(code)
    if opening is None or code[: opening.start()].rstrip()[-1:] not in ("", ":"):
        return "", ""
    end = code.find(opening["quote"], opening.end())
    if end < 0:
        return "", ""
    behind = end + len(opening["quote"])
    line_end = code.find("\n", behind)
    rest = code[behind:] if line_end < 0 else code[behind:line_end]
    last = behind if rest.strip() else len(code) if line_end < 0 else line_end + 1
    return code[opening.end() : end], code[opening.start() : last]


def _matched(pattern: re.Pattern[str], code: str) -> tuple[str, str]:
    found = pattern.match(code)
    return (found["body"], found["comment"]) if found else ("", "")


def _first_paragraph(body: str) -> str:
    plain = _LINE_MARK.sub("", body.strip("\n")).strip(" \t*!")
    paragraph = _SECTION.split(plain.strip(), maxsplit=1)[0]
    return " ".join(_TAG.sub(lambda tag: tag[1] or "", paragraph).split())
