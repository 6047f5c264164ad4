"""Lines of a text file, plain or gzipped; a line that is no text does not end the reading."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from embedrank.core.errors import DatasetError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecodable:
    """A line that is not UTF-8."""

    problem: str


def lines_of(path: Path) -> Iterator[tuple[int, str | Undecodable]]:
    """Lines that are not blank with their numbers from 1.

    Args:
        path: The file: UTF-8, or UTF-16 or UTF-32 with a byte-order mark; gzipped if it ends in `.gz`.

    Yields:
        Number and line, or what is wrong with the line.

    Raises:
        DatasetError: If the file cannot be read, is damaged, or breaks the encoding that its mark announces.
    """
    try:
        with _opened(path) as file:
            mark = file.read(4)
        encoding = next((name for known, name in _MARKS if mark.startswith(known)), "utf-8")
        with _opened(path) as file:
            yield from _utf8_lines(file) if encoding == "utf-8" else _marked_lines(file, encoding)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DatasetError(path, f"cannot be read: {error}") from error


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _utf8_lines(file: IO[bytes]) -> Iterator[tuple[int, str | Undecodable]]:
    for number, data in enumerate(file, start=1):
        line = data.removeprefix(codecs.BOM_UTF8) if number == 1 else data
        if not line.strip():
            continue
        try:
            yield number, line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            yield number, Undecodable(problem=f"{error.reason} at byte {error.start}")


def _marked_lines(file: IO[bytes], encoding: str) -> Iterator[tuple[int, str | Undecodable]]:
    with codecs.getreader(encoding)(file) as text:
        for number, line in enumerate(text, start=1):
            if line.strip():
                yield number, line.rstrip("\r\n")
