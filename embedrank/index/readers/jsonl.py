"""JSON lines, such as BEIR's `corpus.jsonl`: each line a document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from embedrank.core.types import Document, Skipped
from embedrank.index.readers.decoding import read_text
from embedrank.index.readers.record import from_record, record_name


def read(path: Path) -> Iterator[Document | Skipped]:
    """Yield a document for each line that holds an object with text.

    Args:
        path: The file.

    Yields:
        Documents, and lines that are none with the reason.

    Raises:
        DocumentReadError: If the file is no text.
    """
    name = path.as_posix()
    for number, line in enumerate(read_text(path)[0].split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Skipped(name=record_name(name, number), reason=f"is no JSON ({error})")
            continue
        if isinstance(record, dict):
            yield from_record(record, path=name, line=number)
        else:
            yield Skipped(name=record_name(name, number), reason="is no JSON object")
