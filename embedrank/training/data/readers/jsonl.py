"""JSON objects, one a line, plain or gzipped."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

from embedrank.core.errors import DatasetError
from embedrank.training.data.record import Malformed, Record
from embedrank.training.data.source import SourceConfig


def read(path: Path, source: SourceConfig) -> Iterator[Record | Malformed]:
    """Read a file; blank lines are passed over.

    Args:
        path: The file, gzipped if it ends in `.gz`.
        source: Not needed for this format.

    Yields:
        One record for each line, or what is wrong with it.

    Raises:
        DatasetError: If the file is missing or no text.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _record(line, number)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DatasetError(path, f"cannot be read: {error}") from error


def _record(line: str, number: int) -> Record | Malformed:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Malformed(reason="not JSON", problem=f"is not JSON: {error}", line=number)
    if not isinstance(fields, dict):
        return Malformed(reason="not an object", problem="is not a JSON object", line=number)
    return Record(line=number, fields=fields)
