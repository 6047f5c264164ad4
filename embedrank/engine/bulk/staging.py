"""The folder beside an output in which a run gathers what it has computed until all of it is there.

    OUT.partial/journal.json   what was asked for and how far the run is; what it does not count does not exist
                vectors.npy    one row for each distinct text, behind room for a header
                lengths.i32    tokens read and tokens in all, for each distinct text
                rows.jsonl     [id, place of its text among the distinct ones], for each row of the input
                seen.sqlite    digest of each distinct text to its place; its lock keeps a second run out

A commit appends to the files, makes them durable, and then replaces the journal in one step. A kill leaves files that
are longer than the journal says; opening cuts them back.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from embedrank.core.errors import StorageError
from embedrank.core.storing import storing
from embedrank.engine.bulk.formats.layout import Layout, RowBatch
from embedrank.engine.bulk.formats.npy import HEADER_BYTES, npy_header
from embedrank.engine.bulk.journal import Journal, Plan, Progress, require_same
from embedrank.engine.bulk.seen import SeenOnDisk

if TYPE_CHECKING:
    from embedrank.engine.bulk.chunks import Chunk
    from embedrank.engine.bulk.config import BulkConfig
    from embedrank.engine.bulk.encoder import Computed

_ROWS_AT_ONCE: Final = 4096
_LENGTHS: Final = np.dtype((np.int32, 2))
_VECTORS_FILE, _LENGTHS_FILE, _ROWS_FILE = "vectors.npy", "lengths.i32", "rows.jsonl"


def staging_folder(out: Path) -> Path:
    """Where an unfinished run of an output lies."""
    return out.with_name(out.name + ".partial")


def journal_of(out: Path) -> Journal | None:
    """The journal of an unfinished run of an output that has committed something, or None."""
    journal = Journal.read(staging_folder(out) / "journal.json")
    return journal if journal is not None and journal.progress.num_rows else None


class Staging:
    """An unfinished output.

    Attributes:
        folder: Where it lies.
        progress: How far it is.
        layout: Rows, width and number type of what it holds.
        seen: The texts it holds.
    """

    def __init__(self, out: Path, plan: Plan, *, width: int, config: BulkConfig, restart: bool = False) -> None:
        """Open what an earlier run left, or begin.

        Args:
            out: Where the finished output shall be.
            plan: What the run is asked for.
            width: Numbers per vector.
            config: Number type on disk, and how often to commit.
            restart: Whether to throw away what an earlier run left.

        Raises:
            ResumeError: If the earlier run was asked for something else.
            StorageError: If another run is writing it, or it cannot be read or written.
        """
        self.folder = staging_folder(out)
        self._plan, self._width, self._dtype = plan, width, np.dtype(config.store_dtype)
        self._commit_every_s, self._committed_at = config.commit_every_s, time.monotonic()
        self._files: dict[str, IO[bytes]] = {}
        with storing(self.folder):
            self.folder.mkdir(exist_ok=True)
        self.seen = SeenOnDisk.open(self.folder / "seen.sqlite", restart=restart)  # from here on nobody else writes
        try:
            journal = None if restart else journal_of(out)
            if journal is not None:
                require_same(self.folder, journal.plan, plan)
            self.progress = Progress() if journal is None else journal.progress
            with storing(self.folder):
                self._rewind()
                self._write_journal()
        except BaseException:
            self.close()
            raise

    @property
    def layout(self) -> Layout:
        """Rows, width and number type of what it holds."""
        return Layout(num_rows=self.progress.num_rows, width=self._width, dtype=self._dtype)

    @property
    def vectors_file(self) -> Path:
        """The distinct vectors; gone once it has become the output."""
        return self.folder / _VECTORS_FILE

    def append(self, chunk: Chunk, computed: Computed) -> None:
        """Add a chunk, and commit where the last commit was long ago.

        Args:
            chunk: The rows.
            computed: Vectors and lengths of its new texts.

        Raises:
            StorageError: If it cannot be written.
        """
        rows = zip(chunk.ids, chunk.places, strict=True)
        lines = "".join(json.dumps(row) + "\n" for row in rows).encode("ascii")
        with storing(self.folder):
            self._files[_VECTORS_FILE].write(np.ascontiguousarray(computed.vectors, dtype=self._dtype).data)
            self._files[_LENGTHS_FILE].write(np.ascontiguousarray(computed.lengths, dtype=np.int32).data)
            self._files[_ROWS_FILE].write(lines)
            self._files[_LENGTHS_FILE].flush()
            lengths = self._gather(_LENGTHS_FILE, chunk.places)
        self.progress = self.progress.plus(chunk.ids, lengths, computed.lengths, row_bytes=len(lines))
        if time.monotonic() - self._committed_at >= self._commit_every_s:
            self.commit()

    def commit(self) -> None:
        """Make durable what was added: no kill loses it.

        Raises:
            StorageError: If it cannot be written.
        """
        with storing(self.folder):
            for file in self._files.values():
                file.flush()
                os.fsync(file.fileno())
            self.seen.commit()
            self._write_journal()
        self._committed_at = time.monotonic()

    def complete(self, num_blank: int) -> None:
        """Commit, and write down that the input was read to its end.

        Args:
            num_blank: Blank lines that were left out of it.
        """
        self.progress = replace(self.progress, is_complete=True, num_blank=num_blank)
        self.commit()

    def batches(self) -> Iterator[RowBatch]:
        """All rows in the order of the input, equal texts with equal vectors.

        Yields:
            Some rows after another.
        """
        with (self.folder / _ROWS_FILE).open(encoding="ascii") as lines:
            while rows := [json.loads(line) for line in islice(lines, _ROWS_AT_ONCE)]:
                places = [place for _, place in rows]
                yield RowBatch(
                    ids=[name for name, _ in rows],
                    vectors=self._gather(_VECTORS_FILE, places),
                    lengths=self._gather(_LENGTHS_FILE, places),
                )

    def close(self) -> None:
        """Leave it as it is and let others go on with it."""
        for file in self._files.values():
            file.close()
        self._files.clear()
        self.seen.close()

    def discard(self) -> None:
        """Remove the folder."""
        with storing(self.folder):
            (self.folder / "journal.json").unlink(missing_ok=True)  # first: what it counts is about to go
            self.close()
            shutil.rmtree(self.folder)

    def _gather(self, name: str, places: Sequence[int]) -> npt.NDArray[Any]:
        """Rows of a file, copied; mapped anew each time, so that no page stays in memory."""
        is_vectors = name == _VECTORS_FILE
        dtype = np.dtype((self._dtype, self._width)) if is_vectors else _LENGTHS
        mapped = np.memmap(self.folder / name, dtype=dtype, mode="r", offset=HEADER_BYTES if is_vectors else 0)
        return np.asarray(mapped)[np.asarray(places, dtype=np.int64)]

    def _write_journal(self) -> None:
        Journal(plan=self._plan, progress=self.progress).write(self.folder / "journal.json")

    def _rewind(self) -> None:
        done = self.progress
        if done.is_complete and not self.vectors_file.exists():
            return  # a kill came after it had become the output
        sizes = {
            _VECTORS_FILE: HEADER_BYTES + done.num_distinct * self._width * self._dtype.itemsize,
            _LENGTHS_FILE: done.num_distinct * _LENGTHS.itemsize,
            _ROWS_FILE: done.row_bytes,
        }
        for name, size in sizes.items():
            path = self.folder / name
            path.touch()
            if done.num_rows and path.stat().st_size < size:
                raise StorageError(path, "is shorter than the journal says (begin anew with --restart)")
            file = self._files[name] = path.open("r+b")
            file.truncate(size)
            file.seek(size)
        self.seen.rewind(done.num_distinct)

    def write_header(self) -> None:
        """Make the distinct vectors a finished `.npy` file; they have to be one for each row."""
        assert self.progress.num_distinct == self.progress.num_rows
        file = self._files[_VECTORS_FILE]
        file.seek(0)
        file.write(npy_header(self.layout))
        file.flush()
        os.fsync(file.fileno())
