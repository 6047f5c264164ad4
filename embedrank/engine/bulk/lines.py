"""Texts out of lines: one text or one JSON object a line, from stdin or a file, plain or gzipped."""

from __future__ import annotations

import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final, cast

from embedrank.core.errors import InvalidInputError
from embedrank.engine.bulk.input_text import Fields, InputText, first_of, input_text

STDIN: Final = Path("-")


def shown(path: Path) -> str:
    """Name of an input for people."""
    return "stdin" if path == STDIN else str(path)


def lines_of(path: Path, tell: Callable[[int], None]) -> Iterator[str]:
    """The lines of an input.

    Args:
        path: A file, gzipped where its name ends in `.gz`; `-` for stdin.
        tell: Told how many bytes of the file have been read, where it is a file.

    Yields:
        One line after another, its end included.

    Raises:
        InvalidInputError: If it cannot be read or is not UTF-8 text, or stdin is a terminal.
    """
    if path == STDIN:
        if sys.stdin.isatty():
            raise InvalidInputError("stdin", "is a terminal", hint="pipe texts in, one a line, or name files")
        yield from _checked(sys.stdin, path)
        return
    if not path.exists():
        raise InvalidInputError(str(path), "no such file")
    try:
        with path.open("rb") as file, _as_text(file, is_gzip=path.suffix == ".gz") as text:
            knows_place = file.seekable()  # a pipe does not
            for line in _checked(text, path):
                if knows_place:
                    tell(file.tell())
                yield line
    except (OSError, EOFError, zlib.error) as error:
        problem = getattr(error, "strerror", None) or error
        raise InvalidInputError(str(path), f"cannot be read: {problem}") from error


def _as_text(file: IO[bytes], *, is_gzip: bool) -> io.TextIOWrapper:
    opened = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if is_gzip else file
    return io.TextIOWrapper(opened, encoding="utf-8")


def _checked(lines: Iterable[str], path: Path) -> Iterator[str]:
    try:
        for line in lines:
            if "\0" in line:
                raise InvalidInputError(shown(path), "is binary, not text")
            yield line
    except UnicodeDecodeError as error:
        hint = "convert it first, e.g. with iconv"
        raise InvalidInputError(shown(path), f"is not UTF-8 text (byte {error.start})", hint=hint) from error


def text_of_json(line: str, fields: Fields, *, number: int, where: str) -> InputText:
    """The text of a line that holds a JSON object or a JSON string.

    Args:
        line: The line.
        fields: Where text, id and title stand.
        number: Of the row, from 1 over the whole input.
        where: The line, for errors.

    Returns:
        The text.

    Raises:
        InvalidInputError: If it is not JSON or has no text.
    """
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InvalidInputError(where, f"is not JSON: {error}") from None
    if isinstance(row, str):
        return input_text(row, id=None, title=None, number=number, where=where)
    field = first_of(fields.text, row) if isinstance(row, dict) else None
    if field is None or not isinstance(row[field], str):
        raise InvalidInputError(where, f"has no text in a field {', '.join(fields.text)}")
    name, title = (first_of(names, row) for names in (fields.id, fields.title))
    return input_text(row[field], id=name and row[name], title=title and row[title], number=number, where=where)
