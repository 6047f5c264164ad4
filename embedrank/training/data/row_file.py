"""Rows on disk, fetched by number: memory does not depend on how many there are.

`NAME.rows` holds one JSON object a line, `NAME.offsets` where each begins and the last ends, as 64-bit numbers.
Both are read with plain seeks: pages of a memory map would count as the process's own memory.
"""

from __future__ import annotations

import hashlib
import json
import struct
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final

from embedrank.core.errors import DatasetError
from embedrank.training.rows import TrainingRow

_OFFSET: Final = struct.Struct("<Q")
_SPAN: Final = struct.Struct("<QQ")
_LISTS: Final = ("positives", "negatives", "document_ids", "teacher_scores")


class RowFile:
    """A sequence of rows.

    Attributes:
        digest: Hash of all rows; tells whether a run goes on with the data it began with.
    """

    def __init__(self, path: Path, *, digest: str) -> None:
        """Open the files.

        Args:
            path: Without suffix.
            digest: As `RowFileWriter.close` returned it.

        Raises:
            DatasetError: If they are missing or do not belong together.
        """
        self.digest = digest
        self._lock = Lock()
        files = ExitStack()
        try:
            self._rows = files.enter_context(path.with_suffix(".rows").open("rb", buffering=0))
            self._offsets = files.enter_context(path.with_suffix(".offsets").open("rb", buffering=0))
        except OSError as error:
            files.close()
            raise DatasetError(path, f"cannot be read: {error}") from error
        weakref.finalize(self, files.close)  # open as long as somebody may ask for a row
        size = path.with_suffix(".offsets").stat().st_size
        self._num_rows = size // _OFFSET.size - 1
        self._offsets.seek(max(0, size - _OFFSET.size))
        end = self._offsets.read(_OFFSET.size)
        if size % _OFFSET.size or not end or _OFFSET.unpack(end)[0] != path.with_suffix(".rows").stat().st_size:
            raise DatasetError(path, "rows and offsets do not belong together; delete the folder and prepare it again")

    def __len__(self) -> int:
        return self._num_rows

    def __getitem__(self, index: int) -> TrainingRow:
        if not 0 <= index < self._num_rows:
            raise IndexError(index)
        with self._lock:  # a batch may be fetched in a thread while another reads
            self._offsets.seek(index * _OFFSET.size)
            start, end = _SPAN.unpack(self._offsets.read(_SPAN.size))
            self._rows.seek(start)
            line = self._rows.read(end - start)
        fields = json.loads(line)
        for name in _LISTS:
            fields[name] = tuple(fields[name])
        return TrainingRow(**fields)


class RowFileWriter:
    """Writes rows one after another; nothing is held."""

    def __init__(self, path: Path) -> None:
        """Begin the files.

        Args:
            path: Without suffix.
        """
        self.num_rows = 0
        self._hash = hashlib.blake2b(digest_size=16)
        self._rows = path.with_suffix(".rows").open("wb", buffering=1 << 16)
        self._offsets = path.with_suffix(".offsets").open("wb", buffering=1 << 16)
        self._end = 0

    def __enter__(self) -> RowFileWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
        self._offsets.close()

    def add(self, row: TrainingRow) -> None:
        """Append a row.

        Args:
            row: The row.
        """
        line = json.dumps(_fields(row), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._hash.update(line)
        self._offsets.write(_OFFSET.pack(self._end))
        self._rows.write(line)
        self._end += len(line)
        self.num_rows += 1

    def close(self) -> str:
        """Complete the files.

        Returns:
            Hash of all rows.
        """
        self._offsets.write(_OFFSET.pack(self._end))
        self.__exit__(None, None, None)
        return self._hash.hexdigest()


def _fields(row: TrainingRow) -> Mapping[str, object]:
    return {
        "task": row.task,
        "query": row.query,
        "positives": row.positives,
        "negatives": row.negatives,
        "source": row.source,
        "instruction": row.instruction,
        "score": row.score,
        "lang": row.lang,
        "document_ids": row.document_ids,
        "teacher_scores": row.teacher_scores,
    }
