"""JSON files: a list of records becomes documents, anything else is text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from embedrank.core.errors import DocumentReadError
from embedrank.core.types import Document, Skipped
from embedrank.index.readers.decoding import read_text
from embedrank.index.readers.record import from_record


def read(path: Path) -> Iterator[Document | Skipped]:
    """Yield the records of a list of objects, or the file as one document.

    Args:
        path: The file.

    Yields:
        Documents, and records that are none with the reason; records are numbered from 1.

    Raises:
        DocumentReadError: If the file is no JSON.
    """
    text, _ = read_text(path)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentReadError(path, f"is no JSON ({error})") from error
    if isinstance(content, list) and content and all(isinstance(record, dict) for record in content):
        for number, record in enumerate(content, start=1):
            yield from_record(record, path=path.as_posix(), line=number, any_fields=True)
    else:
        yield Document(id=path.as_posix(), text=text, title=path.name, path=path.as_posix())
