"""A reader of one JSON value that forgives what models get wrong and tells a cut value from a broken one.

Forgiven: commas before a closing bracket, strings in single quotes, line ends inside strings, `True`, `False`, `None`.
Not forgiven: anything else, such as keys without quotes, comments, NaN, numbers of more than forty digits.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

_MAX_DEPTH: Final = 32
_BLANK: Final = re.compile(r"\s*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,39})(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?(?![\w.])", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z]+")
_PLAIN: Final = {quote: re.compile(rf"[^{quote}\\]+") for quote in "\"'"}
_CONSTANTS: Final = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"} | {mark: mark for mark in "\"'\\/"}
_HEX: Final = re.compile(r"[0-9a-fA-F]{4}")


class NotJsonError(ValueError):
    """The text breaks the grammar at some place."""


class CutShortError(NotJsonError):
    """The text ends inside the value."""


def parse_sloppy(text: str, start: int) -> tuple[Any, int]:
    """Read the value that begins at a place.

    Args:
        text: The text; anything may follow the value.
        start: Where the value begins.

    Returns:
        The value and the place behind it.

    Raises:
        CutShortError: If the text ends before the value does.
        NotJsonError: If the text breaks the grammar.
    """
    reader = _Reader(text, start)
    value = reader.value(0)
    return value, reader.place


class _Reader:
    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self.place = start

    def value(self, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise NotJsonError("more nested than any answer")
        mark = self._peek()
        if mark == "{":
            return self._object(depth)
        if mark == "[":
            return self._list(depth)
        if mark in "\"'":
            return self._string(mark)
        return self._number_or_constant()

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.place += 1
        while (mark := self._peek()) != "}":
            if mark not in "\"'":
                raise NotJsonError(f"a key without quotes at {self.place}")
            key = self._string(mark)
            self._expect(":")
            if key in found:
                raise NotJsonError(f"key {key!r} twice")
            found[key] = self.value(depth + 1)
            self._comma_or("}")
        self.place += 1
        return found

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self.place += 1
        while self._peek() != "]":
            found.append(self.value(depth + 1))
            self._comma_or("]")
        self.place += 1
        return found

    def _string(self, quote: str) -> str:
        parts: list[str] = []
        self.place += 1
        while (mark := self._at()) != quote:
            if mark == "\\":
                self.place += 1
                parts.append(self._escape())
                continue
            run = _PLAIN[quote].match(self._text, self.place)
            assert run is not None
            parts.append(run.group())
            self.place = run.end()
        self.place += 1
        return "".join(parts)

    def _escape(self) -> str:
        mark = self._at()
        self.place += 1
        if mark != "u":
            if mark not in _ESCAPES:
                raise NotJsonError(f"unknown escape \\{mark} at {self.place}")
            return _ESCAPES[mark]
        unit = self._hex()
        if 0xD800 <= unit < 0xDC00 and self._text.startswith("\\u", self.place):
            before = self.place
            self.place += 2
            low = self._hex()
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
            self.place = before
        return chr(unit)

    def _hex(self) -> int:
        digits = _HEX.match(self._text, self.place)
        if digits is None:
            rest = self._text[self.place :]
            raise CutShortError("it ends inside an escape") if len(rest) < 4 else NotJsonError("a broken escape")
        self.place = digits.end()
        return int(digits.group(), 16)

    def _number_or_constant(self) -> Any:
        if number := _NUMBER.match(self._text, self.place):
            self.place = number.end()
            digits = number.group()
            if set(digits).isdisjoint(".eE"):
                return int(digits)
            if math.isfinite(found := float(digits)):
                return found
            raise NotJsonError(f"number {digits} is too large")
        word = _WORD.match(self._text, self.place)
        if word is not None and word.group() in _CONSTANTS:
            self.place = word.end()
            return _CONSTANTS[word.group()]
        if word is not None and word.end() == len(self._text) and any(c.startswith(word.group()) for c in _CONSTANTS):
            raise CutShortError("it ends inside a constant")
        raise NotJsonError(f"no value at {self.place}")

    def _comma_or(self, end: str) -> None:
        mark = self._peek()
        if mark == ",":
            self.place += 1
        elif mark != end:
            raise NotJsonError(f"no comma at {self.place}")

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            raise NotJsonError(f"no {mark!r} at {self.place}")
        self.place += 1

    def _peek(self) -> str:
        blank = _BLANK.match(self._text, self.place)
        assert blank is not None
        self.place = blank.end()
        return self._at()

    def _at(self) -> str:
        if self.place >= len(self._text):
            raise CutShortError("it ends before it is complete")
        return self._text[self.place]
