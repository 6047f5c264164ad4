"""From a source to checked rows: the reader, the columns, the check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from embedrank.core.errors import DatasetError
from embedrank.training.data.columns import Columns
from embedrank.training.data.readers import beir, hugging_face, jsonl, parquet
from embedrank.training.data.record import Malformed, Record
from embedrank.training.data.source import SourceConfig
from embedrank.training.rows import TrainingRow, checked_row

READERS: Final[Mapping[str, Callable[[Path, SourceConfig], Iterator[Record | Malformed]]]] = {
    "jsonl": jsonl.read,
    "parquet": parquet.read,
    "dataset": hugging_face.read,
    "hub": lambda path, source: hugging_face.read_hub(path.as_posix(), source),
    "beir": beir.read,
}
_SUFFIXES: Final = {".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
_FOLDER_MARKS: Final = {
    "corpus.jsonl": "beir",
    "corpus.jsonl.gz": "beir",
    "state.json": "dataset",
    "dataset_dict.json": "dataset",
}


def read_source(source: SourceConfig) -> Iterator[tuple[str, TrainingRow | Malformed]]:
    """Read all rows of a source, never more than a piece at a time.

    Args:
        source: Where they lie.

    Yields:
        Name of the file, and a row or what is wrong with it.

    Raises:
        DatasetError: If a file is missing or cannot be read as a whole.
    """

    @cache
    def labels() -> list[str]:
        records = (record.fields for _, record in _records(source) if isinstance(record, Record))
        return sorted({label for fields in records if (label := columns.label(fields)) is not None})

    columns = Columns(source=source, labels=labels)
    for name, record in _records(source):
        if isinstance(record, Malformed):
            yield name, record
            continue
        fields = columns.fields(record.fields)
        row = fields if isinstance(fields, Malformed) else checked_row(fields)
        yield name, replace(row, line=record.line) if isinstance(row, Malformed) else row


def expanded(source: SourceConfig) -> list[str]:
    """The files of a source, patterns resolved.

    Args:
        source: The source.

    Returns:
        Names in the order in which they are read.

    Raises:
        DatasetError: If no file fits a pattern.
    """
    names: list[str] = []
    for name in source.files:
        if "*" not in name or source.format == "hub":
            names.append(name)
            continue
        root = Path(name).anchor
        found = sorted(str(path) for path in Path(root).glob(str(Path(name).relative_to(root))))
        if not found:
            raise DatasetError(name, "no file fits the pattern")
        names += found
    return names


def format_of(name: str, source: SourceConfig) -> str:
    """Which reader reads a file.

    Args:
        name: The file or folder.
        source: Names the format, or leaves it to what is there.

    Returns:
        A name in `READERS`.

    Raises:
        DatasetError: If it cannot be told.
    """
    path = Path(name)
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if source.format is not None:
        return source.format
    if path.is_dir():
        for mark, kind in _FOLDER_MARKS.items():
            if (path / mark).is_file():
                return kind
        raise DatasetError(path, "is neither a BEIR folder nor a dataset written by save_to_disk")
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    problem = "is of no known format" if path.exists() else "no such file"
    raise DatasetError(path, f"{problem} (name the format; a set on a hub needs format: hub)")


def _records(source: SourceConfig) -> Iterator[tuple[str, Record | Malformed]]:
    if source.dataset is not None:
        for record in hugging_face.records_of(source.dataset, "dataset", source):
            yield "dataset", record
    for name in expanded(source):
        for record in READERS[format_of(name, source)](Path(name), source):
            yield name, record
