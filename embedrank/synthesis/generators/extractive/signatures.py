"""The name and parameters of the first definition in code, or a dotted name in documentation, as words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_KEYWORD: Final = re.compile(
    r"\b(?:def|fn|func|function|fun|sub)\s+(?:\([^()\n]{0,99}\)\s*)?(?P<name>[A-Za-z_$][\w.$?!]*)\s*"
    r"(?:<[^>\n]{0,99}>|\[[^\]\n]{0,99}\])?\s*\((?P<parameters>[^()]{0,999}(?:\([^()]{0,99}\)[^()]{0,99}){0,9})\)"
)
_BARE: Final = re.compile(
    r"\b(?P<name>[A-Za-z_]\w*)\s*\((?P<parameters>[^()]{0,999})\)\s*(?:throws\s[\w\s,.]{0,199}|const\s*)?\{"
)
_RUBY: Final = re.compile(r"\bdef\s+(?:self\.)?(?P<name>[A-Za-z_]\w*[?!]?)(?P<parameters>)")
_TYPE: Final = re.compile(r"\b(?:class|struct|interface|trait|enum)\s+(?P<name>[A-Za-z_]\w*)(?P<parameters>)")
_DOTTED: Final = re.compile(r"\A\s*(?P<name>[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+)(?:\((?P<parameters>[^()]*)\))?")
_MOST_READ: Final = 20_000  # characters
_PATTERNS: Final = (_KEYWORD, _DOTTED, _BARE, _RUBY, _TYPE)
_NAME_FIRST: Final = frozenset({"python", "rust", "go", "typescript", "kotlin", "scala", "swift", "ruby", "javascript"})
_NO_NAMES: Final = frozenset(
    {"self", "cls", "this", "mut", "final", "const", "args", "kwargs", "if", "while", "for", "switch"}
)
_IDENTIFIER: Final = re.compile(r"[A-Za-z_$]\w*")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A definition's face.

    Attributes:
        name: Its name as words in lower case.
        parameters: Names of its parameters as words.
    """

    name: tuple[str, ...]
    parameters: tuple[str, ...]


def signature_of(code: str, lang: str | None) -> Signature | None:
    """The signature of the first definition.

    Args:
        code: Code, or documentation that begins with a dotted name.
        lang: Its programming language, where known: it says on which side of a parameter the name stands.

    Returns:
        Name and parameters; None where no definition is recognised.
    """
    matches = [pattern.search(code, 0, _MOST_READ) for pattern in _PATTERNS]
    found = [match for match in matches if match is not None and match["name"] not in _NO_NAMES]
    if not found:
        return None
    first = min(found, key=lambda match: match.start())
    parts = (first["parameters"] or "").split(",")
    names = [name for part in parts if (name := _parameter(part, lang)) not in _NO_NAMES | {""}]
    return Signature(name=tuple(words_in(first["name"])), parameters=tuple(" ".join(words_in(name)) for name in names))


def words_in(identifier: str) -> list[str]:
    """The words that an identifier is made of, in lower case."""
    return [part.lower() for part in _PART.findall(identifier)]


def _parameter(part: str, lang: str | None) -> str:
    names: list[str] = _IDENTIFIER.findall(part.partition("=")[0].partition(":")[0])
    names = [name for name in names if name not in _NO_NAMES]
    if not names:
        return ""
    return names[0] if lang is None or lang in _NAME_FIRST else names[-1]
