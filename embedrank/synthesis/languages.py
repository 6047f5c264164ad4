"""Languages by code: their English names for prompts, and the one code by which a set's own code is known here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Final

from embedrank.synthesis.data_files import data_file

PROGRAMMING: Final[Mapping[str, str]] = {
    "bash": "Bash",
    "c": "C",
    "cpp": "C++",
    "csharp": "C#",
    "go": "Go",
    "java": "Java",
    "javascript": "JavaScript",
    "kotlin": "Kotlin",
    "lua": "Lua",
    "perl": "Perl",
    "php": "PHP",
    "python": "Python",
    "r": "R",
    "ruby": "Ruby",
    "rust": "Rust",
    "scala": "Scala",
    "sql": "SQL",
    "swift": "Swift",
    "typescript": "TypeScript",
}
_SYNONYMS: Final = {"c++": "cpp", "c#": "csharp", "js": "javascript", "py": "python", "sh": "bash", "ts": "typescript"}


def language_name(code: str) -> str:
    """What prompts call a language.

    Args:
        code: Code of a language or of a programming language.

    Returns:
        Its English name; the code itself where it is unknown.
    """
    return PROGRAMMING.get(code) or _names().get(code, code)


def is_programming(code: str) -> bool:
    """Whether a set's code means a programming language; bare `c` and `r` too."""
    return _SYNONYMS.get(code.lower(), code.lower()) in PROGRAMMING


def language_code(code: str) -> str:
    """The code that rows carry.

    Args:
        code: As a set spells it: `zh`, `zh-TW`, `deu`, `arb_Arab`, `C++`.

    Returns:
        Two letters where there are two (ISO 639-1), else the three of ISO 639-3; names of programming languages are in
        lower case. An unknown code is kept, in lower case.
    """
    folded = code.strip().lower()
    if is_programming(folded):
        return _SYNONYMS.get(folded, folded)
    base = folded.replace("_", "-").partition("-")[0]
    return _two_letters().get(base, base)


@cache
def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = json.loads(data_file("languages.json").read_text(encoding="utf-8"))
    return table


@cache
def _names() -> dict[str, str]:
    return {code: entry[0] for code, entry in _table().items()}


@cache
def _two_letters() -> dict[str, str]:
    return {other: code for code, entry in _table().items() for other in entry[1:]}
