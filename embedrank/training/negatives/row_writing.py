"""Training rows to files: jsonl, plain or gzipped, and parquet."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from itertools import islice
from pathlib import Path
from typing import IO, Final, cast

from embedrank.core.errors import InvalidInputError
from embedrank.training.rows import TrainingRow, plain_fields

SUFFIXES: Final = (".jsonl", ".jsonl.gz", ".parquet")
_ROWS_AT_ONCE: Final = 1024


def require_suffix(path: Path) -> None:
    """Refuse a name that tells no format.

    Args:
        path: Of a file to write.

    Raises:
        InvalidInputError: If it ends in none of `SUFFIXES`.
    """
    if not path.name.endswith(SUFFIXES):
        raise InvalidInputError(str(path), "is no file of training rows", hint=f"use {', '.join(SUFFIXES)}")


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
        file.writelines(json.dumps(plain_fields(row), ensure_ascii=False) + "\n" for row in rows)


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


def _write_table(path: Path, rows: Iterable[TrainingRow]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.list_(pa.string())
    lists = dict.fromkeys(("positives", "negatives", "document_ids"), texts)
    types = {**lists, "teacher_scores": pa.list_(pa.float64()), "score": pa.float64()}
    schema = pa.schema([(field.name, types.get(field.name, pa.string())) for field in fields(TrainingRow)])
    remaining = iter(rows)
    with pq.ParquetWriter(path, schema) as writer:
        while part := [asdict(row) for row in islice(remaining, _ROWS_AT_ONCE)]:
            writer.write_table(pa.Table.from_pylist(part, schema=schema))
