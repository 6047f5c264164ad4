"""Readers: one file a format, chosen by suffix. A reader yields documents, and rows that are none with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from embedrank.core.types import Document, Skipped
from embedrank.index.readers import docx, html, json_file, jsonl, pdf, table, text

Reader: TypeAlias = Callable[[Path], Iterator[Document | Skipped]]

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        ".html": html.read,
        ".htm": html.read,
        ".xhtml": html.read,
        ".pdf": pdf.read,
        ".docx": docx.read,
        ".csv": table.read,
        ".tsv": table.read,
        ".jsonl": jsonl.read,
        ".ndjson": jsonl.read,
        ".json": json_file.read,
    }
)
"""Suffix to reader. Every other suffix is read as text, which refuses what is binary."""

MANY_DOCUMENTS: Final = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".json"})
"""Formats of which one file holds many documents."""


def reader_for(path: Path) -> Reader:
    """The reader for a file, by its suffix."""
    return READERS.get(path.suffix.lower(), text.read)


__all__ = ["MANY_DOCUMENTS", "READERS", "Reader", "reader_for"]
