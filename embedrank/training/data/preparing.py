"""Sources made ready for training: read and checked once, then kept as row files that any number of runs share.

Rows of one task lie together, so that a batch of them has one task. A source that has not changed is not read again.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import uuid4

from embedrank.core.errors import DatasetError, StorageError
from embedrank.training.data.reading import read_source
from embedrank.training.data.record import Malformed
from embedrank.training.data.row_file import RowFile, RowFileWriter
from embedrank.training.data.source import SourceConfig
from embedrank.training.data.stamp import stamp_of
from embedrank.training.rows import TrainingRow

_RECORD: Final = "prepared.json"
_PARTIAL: Final = ".partial"
_TOLD_EVERY: Final = 1000
_MOST_PARTS: Final = 200  # each keeps two files open while a source is read


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One source, ready.

    Attributes:
        rows: Rows by the name under which they are mixed: that of the source; with the task behind it where the source
            holds several; or the rows' own source, if the source is split so.
        num_left_out: Rows left out, by reason.
        examples: The first row left out for each reason, with file and line.
    """

    rows: Mapping[str, RowFile]
    num_left_out: Mapping[str, int]
    examples: Mapping[str, str]


def prepare(
    sources: Mapping[str, SourceConfig], folder: Path, *, tell: Callable[[str, int], None] | None = None
) -> dict[str, Prepared]:
    """Read sources that have not been read yet, and open all of them.

    Args:
        sources: Name to source.
        folder: Where row files are kept; those of sources that have changed since can be deleted.
        tell: Called with the name of a source and its number of rows while it is read.

    Returns:
        Name to source.

    Raises:
        DatasetError: If a file is missing, a row is malformed, or a source holds no row.
        StorageError: If row files cannot be written.
    """
    return {name: _prepare(name, source, folder, tell or _tell_nobody) for name, source in sources.items()}


def prepared_in(folder: Path) -> dict[str, Prepared]:
    """Open what earlier calls of `prepare` left, without looking at the sources.

    Args:
        folder: Where row files are kept.

    Returns:
        Name to source; of a source that was read several times, the latest reading.

    Raises:
        DatasetError: If there are none, or they cannot be read.
    """
    records = [record for record in folder.glob(f"*/{_RECORD}") if record.parent.suffix != _PARTIAL]
    found = sorted(records, key=lambda record: record.stat().st_mtime_ns)
    if not found:
        raise DatasetError(folder, "holds no rows of an earlier run")
    return {record.parent.name.rpartition("-")[0]: _opened(record.parent) for record in found}


def rows_by_name(prepared: Mapping[str, Prepared]) -> dict[str, RowFile]:
    """Rows of all sources, as a mixture takes them.

    Args:
        prepared: From `prepare`.

    Returns:
        Rows by the name under which they are mixed.

    Raises:
        DatasetError: If two sources give rows of the same name.
    """
    found: dict[str, RowFile] = {}
    for source, ready in prepared.items():
        for name, rows in ready.rows.items():
            if name in found:
                raise DatasetError(source, f"rows of {name!r} come from another source too; rename one")
            found[name] = rows
    return found


def _prepare(name: str, source: SourceConfig, folder: Path, tell: Callable[[str, int], None]) -> Prepared:
    target = folder / f"{name}-{stamp_of(source)}"
    if not (target / _RECORD).is_file():
        partial = folder / f"{target.name}.{uuid4().hex}{_PARTIAL}"
        try:
            partial.mkdir(parents=True)
            _write(name, source, partial, tell)
            _move(partial, target)
        except OSError as error:
            raise StorageError(target, f"rows not written: {error}") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return _opened(target)


def _move(partial: Path, target: Path) -> None:
    try:
        partial.rename(target)
    except OSError:
        if not (target / _RECORD).is_file():  # else another process has prepared the same
            raise


def _opened(target: Path) -> Prepared:
    try:
        record = json.loads((target / _RECORD).read_text(encoding="utf-8"))
        rows = {part["name"]: RowFile(target / part["file"], digest=part["digest"]) for part in record["parts"]}
        return Prepared(rows=rows, num_left_out=record["num_left_out"], examples=record["examples"])
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(target, f"cannot be read: {error}; delete the folder") from error


@dataclass(slots=True)
class _LeftOut:
    """Rows that are not used, counted by reason; the first fault ends the run unless faults are to be skipped."""

    skips: bool
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, file: str, row: Malformed) -> None:
        error = DatasetError(file, row.problem, line=row.line or None)
        if row.is_fault and not self.skips:
            raise error
        self.counts[row.reason] += 1
        self.examples.setdefault(row.reason, str(error))


def _write(name: str, source: SourceConfig, folder: Path, tell: Callable[[str, int], None]) -> None:
    left_out, num_rows = _LeftOut(skips=source.on_malformed == "skip"), 0
    with ExitStack() as stack:
        writers: dict[tuple[str, str], RowFileWriter] = {}
        for file, row in read_source(source):
            if isinstance(row, Malformed):
                left_out.add(file, row)
                continue
            part = (row.source if source.split_by_source and row.source else name, row.task)
            if part not in writers:
                if len(writers) == _MOST_PARTS:
                    raise DatasetError(file, f"more than {_MOST_PARTS} sources in one; do not split it by source")
                writers[part] = stack.enter_context(RowFileWriter(folder / f"{len(writers):03d}"))
            writers[part].add(_named(row, name))
            num_rows += 1
            if num_rows % _TOLD_EVERY == 0:
                tell(name, num_rows)
        tell(name, num_rows)
        if not num_rows:
            raise DatasetError(
                name, "the source holds no row" + (f" ({dict(left_out.counts)})" if left_out.counts else "")
            )
        parts = _parts(writers)
    record = {"parts": parts, "num_left_out": left_out.counts, "examples": left_out.examples}
    (folder / _RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")


def _parts(writers: Mapping[tuple[str, str], RowFileWriter]) -> list[dict[str, str]]:
    """Names, files and digests; the task stands in the name where one name has several."""
    num_tasks = Counter(name for name, _ in writers)
    return [
        {
            "name": name if num_tasks[name] == 1 else f"{name}.{task}",
            "file": f"{number:03d}",
            "digest": writer.close(),
        }
        for number, ((name, task), writer) in enumerate(writers.items())
    ]


def _named(row: TrainingRow, source: str) -> TrainingRow:
    return row if row.source else replace(row, source=source)


def _tell_nobody(name: str, num_rows: int) -> None:
    pass
