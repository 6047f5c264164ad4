"""CSV and TSV with a header: each row a document."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from embedrank.core.errors import DocumentReadError
from embedrank.core.types import Document, Skipped
from embedrank.index.readers.decoding import MAX_FILE_BYTES, read_text
from embedrank.index.readers.record import from_record, record_name

_DELIMITERS: Final = ",;\t|"


def read(path: Path) -> Iterator[Document | Skipped]:
    """Yield a document for each row: its `text` column, or all columns as `name: value` lines.

    Args:
        path: The file.

    Yields:
        Documents, and rows that do not fit the header with the reason.

    Raises:
        DocumentReadError: If the file is no text or its header is empty or names a column twice.
    """
    text, _ = read_text(path)
    csv.field_size_limit(MAX_FILE_BYTES)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(path, text))
    header = [name.strip() for name in next(rows, [])]
    if not any(header) or len(set(header)) != len(header):
        raise DocumentReadError(path, "the first row must name each column once")
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                yield _document(path, header, row, rows.line_num)
    except csv.Error as error:
        raise DocumentReadError(path, f"is no table ({error} in line {rows.line_num})") from error


def _document(path: Path, header: list[str], row: list[str], line: int) -> Document | Skipped:
    if len(row) != len(header):
        reason = f"has {len(row)} columns, the header has {len(header)}"
        return Skipped(name=record_name(path.as_posix(), line), reason=reason)
    record = {name: cell for name, cell in zip(header, row, strict=True) if cell.strip()}
    return from_record(record, path=path.as_posix(), line=line, any_fields=True)


def _delimiter(path: Path, text: str) -> str:
    """Tabs in TSV; else the separator that is most frequent in the header."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    header = text.split("\n", 1)[0]
    return max(_DELIMITERS, key=header.count)
