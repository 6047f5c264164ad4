"""Training rows from and to files: jsonl, plain or gzipped, and parquet."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, cast

from embedrank.core.errors import DatasetError, InvalidInputError
from embedrank.training.rows import TASKS, TrainingRow, read_rows

SUFFIXES: Final = (".jsonl", ".jsonl.gz", ".parquet")
_ROWS_AT_ONCE: Final = 1024


def require_suffix(path: Path) -> None:
    """Refuse a name that tells no format.

    Args:
        path: Of a file of rows.

    Raises:
        InvalidInputError: If it ends in none of `SUFFIXES`.
    """
    if not path.name.endswith(SUFFIXES):
        raise InvalidInputError(str(path), "is no file of training rows", hint=f"use {', '.join(SUFFIXES)}")


def rows_of(path: Path) -> Iterator[TrainingRow]:
    """Read training rows.

    Args:
        path: A file whose name ends in one of `SUFFIXES`.

    Yields:
        Rows in the order of the file.

    Raises:
        DatasetError: If it cannot be read or a row is malformed.
    """
    yield from _table_rows(path) if path.suffix == ".parquet" else read_rows(path)


def write_rows(path: Path, rows: Iterable[TrainingRow]) -> None:
    """Write training rows.

    Args:
        path: A new file whose name ends in one of `SUFFIXES`.
        rows: The rows; fields that are None are left out.
    """
    if path.suffix == ".parquet":
        _write_table(path, rows)
        return
    with _text(path) as file:
        file.writelines(json.dumps(_fields(row), ensure_ascii=False) + "\n" for row in rows)


def _fields(row: TrainingRow) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if value is not None}


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    if path.suffix != ".gz":
        with path.open("w", encoding="utf-8") as file:
            yield file
        return
    # Without a name and a time inside, equal rows make equal files.
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(cast("IO[bytes]", packed), encoding="utf-8") as file,
    ):
        yield file


def _table_rows(path: Path) -> Iterator[TrainingRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = {field.name for field in fields(TrainingRow)}
    number = 0
    try:
        with pq.ParquetFile(path) as table:
            if unknown := set(table.schema_arrow.names) - known:
                raise DatasetError(path, f"unknown columns {sorted(unknown)}")
            for batch in table.iter_batches(batch_size=_ROWS_AT_ONCE):
                for cells in batch.to_pylist():
                    number += 1
                    yield _row(cells, path, number)
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(path, f"cannot be read as parquet: {str(error).splitlines()[0]}") from error


def _row(cells: dict[str, Any], path: Path, number: int) -> TrainingRow:
    values: dict[str, Any] = {
        name: tuple(cell) if isinstance(cell, list) else cell for name, cell in cells.items() if cell is not None
    }
    if values.get("task") not in TASKS:
        raise DatasetError(path, f"task {values.get('task')!r} is none of {', '.join(TASKS)}", line=number)
    if not values.get("query") or not values.get("positives"):
        raise DatasetError(path, "query and positives must not be empty", line=number)
    return TrainingRow(**values)


def _write_table(path: Path, rows: Iterable[TrainingRow]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.list_(pa.string())
    types = {"positives": texts, "negatives": texts, "score": pa.float64()}
    schema = pa.schema([(field.name, types.get(field.name, pa.string())) for field in fields(TrainingRow)])
    remaining = iter(rows)
    with pq.ParquetWriter(path, schema) as writer:
        while part := [asdict(row) for row in islice(remaining, _ROWS_AT_ONCE)]:
            writer.write_table(pa.Table.from_pylist(part, schema=schema))
