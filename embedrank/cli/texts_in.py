"""Texts that a command reads: from stdin or files, one a line or one JSON object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from embedrank.core.errors import InvalidInputError

STDIN: Final = Path("-")
_TEXT_FIELDS: Final = ("text", "query", "content")
_ID_FIELDS: Final = ("_id", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputText:
    """One text with its name.

    Attributes:
        id: The row's own id, else its number from 1 over the whole input.
        text: The text, with its title where the row has one.
    """

    id: str
    text: str


def read_texts(paths: Sequence[Path], *, jsonl: bool) -> tuple[list[InputText], int]:
    """Read all texts of some files.

    Args:
        paths: Files; `-` or none at all means stdin.
        jsonl: Whether stdin and files without a `.jsonl` suffix hold JSON objects too.

    Returns:
        The texts, and the number of blank lines left out.

    Raises:
        InvalidInputError: If a file cannot be read, is not UTF-8 text, or a row holds no text.
    """
    texts: list[InputText] = []
    num_blank = 0
    for path in paths or [STDIN]:
        for number, line in enumerate(_lines(path), start=1):
            if not line.strip():
                num_blank += 1
            elif jsonl or path.suffix == ".jsonl":
                texts.append(_from_json(line, f"{_shown(path)} line {number}", len(texts) + 1))
            else:
                texts.append(InputText(id=str(len(texts) + 1), text=line.rstrip("\r\n")))
    return texts, num_blank


def _lines(path: Path) -> Iterator[str]:
    if path == STDIN:
        if sys.stdin.isatty():
            raise InvalidInputError("stdin", "is a terminal", hint="pipe texts in, one a line, or name files")
        yield from _checked(sys.stdin, path)
        return
    if not path.exists():
        raise InvalidInputError(str(path), "no such file")
    try:
        with path.open(encoding="utf-8") as lines:
            yield from _checked(lines, path)
    except OSError as error:
        raise InvalidInputError(str(path), f"cannot be read: {error.strerror or error}") from error


def _checked(lines: Iterable[str], path: Path) -> Iterator[str]:
    try:
        for line in lines:
            if "\0" in line:
                raise InvalidInputError(_shown(path), "is binary, not text")
            yield line
    except UnicodeDecodeError as error:
        hint = "convert it first, e.g. with iconv"
        raise InvalidInputError(_shown(path), f"is not UTF-8 text (byte {error.start})", hint=hint) from error


def _from_json(line: str, where: str, number: int) -> InputText:
    from embedrank.core.types import joined_text

    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InvalidInputError(where, f"is not JSON: {error}") from None
    if isinstance(row, str):
        return InputText(id=str(number), text=row)
    text = _first(row, _TEXT_FIELDS) if isinstance(row, dict) else None
    if not isinstance(text, str):
        raise InvalidInputError(where, f"has no text in a field {', '.join(_TEXT_FIELDS)}")
    title = row.get("title")
    name = _first(row, _ID_FIELDS)
    whole = joined_text(title, text) if isinstance(title, str) else text
    return InputText(id=str(number) if name is None else str(name), text=whole)


def _first(row: Mapping[str, object], fields: Sequence[str]) -> object:
    return next((row[field] for field in fields if field in row), None)


def _shown(path: Path) -> str:
    return "stdin" if path == STDIN else str(path)
