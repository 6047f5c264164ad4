"""From a complete staging folder to the output, put into its place in one step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from embedrank.core.errors import InvalidInputError
from embedrank.core.storing import storing
from embedrank.engine.bulk.formats import FORMATS, RowBatch
from embedrank.engine.bulk.staging import Staging


def require_writable(path: Path) -> None:
    """Refuse an output before any work is done for it.

    Args:
        path: Where vectors shall go.

    Raises:
        InvalidInputError: If the suffix names no format, the folder is not there, or something else stands there.
    """
    if path.suffix not in FORMATS:
        raise InvalidInputError(str(path), f"unknown format {path.suffix!r}", hint=f"use {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise InvalidInputError(str(path.parent), "no such folder")
    is_dataset = path.suffix == ".lance" and (path / "_versions").is_dir()
    if path.is_dir() and not is_dataset:
        raise InvalidInputError(str(path), "is a folder", hint="choose another name; it is not written over")


def finish(staging: Staging, out: Path, on_rows: Callable[[int], None]) -> None:
    """Write the output and remove the staging folder. A kill in between is made good by doing it again.

    Args:
        staging: Holds all rows.
        out: The output; replaced if it is there.
        on_rows: Told the number of rows written so far.

    Raises:
        StorageError: If it cannot be written.
    """
    if staging.vectors_file.exists():  # else a kill came between the last two lines
        with storing(out):
            _put(_written(staging, out, on_rows), out, aside=staging.folder / f"replaced{out.suffix}")
    staging.discard()


def _written(staging: Staging, out: Path, on_rows: Callable[[int], None]) -> Path:
    if out.suffix == ".npy" and staging.progress.num_distinct == staging.progress.num_rows:
        staging.write_header()  # what was gathered is the output already
        return staging.vectors_file
    ready = staging.folder / f"finished{out.suffix}"
    FORMATS[out.suffix](_counted(staging.batches(), on_rows), ready, staging.layout)
    for path in [ready, *ready.rglob("*")] if ready.is_dir() else [ready]:
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    return ready


def _counted(batches: Iterator[RowBatch], on_rows: Callable[[int], None]) -> Iterator[RowBatch]:
    num_rows = 0
    for batch in batches:
        yield batch
        num_rows += len(batch.ids)
        on_rows(num_rows)


def _put(ready: Path, out: Path, *, aside: Path) -> None:
    if out.is_dir():  # a dataset is a folder, which no rename replaces
        out.rename(aside)
    ready.replace(out)
