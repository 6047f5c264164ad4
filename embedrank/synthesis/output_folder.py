"""The folder of a run, to which whole blocks are added.

    rows.jsonl       training rows, and nothing else
    made.jsonl       where each of them comes from, a line a row, in the same order
    dropped.jsonl    drafts that came to nothing, and why
    ledger.jsonl     a line a block, written once all of the block is on disk
    lock.sqlite      its lock keeps a second run out

Data are made durable before the ledger says that they are there. A kill therefore leaves files that are longer than
the ledger says, and opening cuts them back.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from embedrank.core.durable import replace_durably
from embedrank.core.errors import StorageError
from embedrank.core.storing import storing
from embedrank.synthesis.block import Block
from embedrank.synthesis.ledger import Settings, Totals, first_line, read_ledger, require_same
from embedrank.synthesis.lines import dropped_record, line, made_record, row_record
from embedrank.synthesis.sifting import Sifted

ROWS, MADE, DROPPED, LEDGER = "rows.jsonl", "made.jsonl", "dropped.jsonl", "ledger.jsonl"
_LOCK: Final = "lock.sqlite"
_DATA: Final = (ROWS, MADE, DROPPED)


class OutputFolder:
    """An open folder; one process at a time.

    Attributes:
        path: The folder.
        totals: Of all blocks that are written.
    """

    def __init__(
        self, path: Path, settings: Settings, *, restart: bool = False, beside: Mapping[str, str] | None = None
    ) -> None:
        """Open what an earlier run left, or begin.

        Args:
            path: The folder; made where it is not there.
            settings: What the run is asked for.
            restart: Whether to throw away the output of an earlier run.
            beside: Texts of files that shall lie beside the output, by name.

        Raises:
            ResumeError: If the earlier run was asked for something else.
            StorageError: If another run is writing here, the files are damaged, or it cannot be written.
        """
        self.path = path
        with storing(path):
            path.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(path)
        self._files: dict[str, IO[bytes]] = {}
        try:
            if restart:
                self._remove()
            self.totals = self._begun(settings)
            self._rewind()
            with storing(path):
                for name, text in (beside or {}).items():
                    replace_durably(path / name, text)
        except BaseException:
            self.close()
            raise

    def append(self, block: Block, ends: Sequence[Sifted], *, generator: str, told: Mapping[str, Any]) -> None:
        """Add a block, durably.

        Args:
            block: The block.
            ends: What became of its drafts.
            generator: Name of the generator.
            told: What its line in the ledger shall hold besides: `answers`, `seconds`.

        Raises:
            StorageError: If it cannot be written; what was written before stays.
        """
        kept = [end for end in ends if end.rejected is None]
        dropped = [end for end in ends if end.rejected is not None]
        lines = {
            ROWS: [line(row_record(end.draft.row)) for end in kept if end.draft.row is not None],
            MADE: [line(made_record(end, generator)) for end in kept],
            DROPPED: [line(dropped_record(end)) for end in dropped],
        }
        with storing(self.path):
            for name, texts in lines.items():
                self._files[name].writelines(texts)
                _sync(self._files[name])
            entry = {
                "passages": block.num_passages,
                "drafts": len(block.drafts),
                "kept": len(kept),
                "dropped": _by_reason(dropped),
                **told,
                "sizes": {name: self._files[name].tell() for name in _DATA},
            }
            written = line(entry)
            self._files[LEDGER].write(written)
            _sync(self._files[LEDGER])
        self.totals = self.totals.plus(entry, self.totals.ledger_bytes + len(written))

    def close(self) -> None:
        """Let others in."""
        for file in self._files.values():
            file.close()
        self._lock.close()

    def _begun(self, settings: Settings) -> Totals:
        ledger = self.path / LEDGER
        if not ledger.exists():
            others = [name for name in _DATA if (self.path / name).exists()]
            if others:
                problem = f"holds {', '.join(others)} and no ledger of a run (choose another folder)"
                raise StorageError(self.path, problem)
            with storing(self.path):
                replace_durably(ledger, first_line(settings).decode("utf-8"))
        stored, totals = read_ledger(ledger)
        require_same(self.path, stored, settings)
        return totals

    def _rewind(self) -> None:
        """Cut all files to what the ledger says."""
        sizes = {name: self.totals.sizes.get(name, 0) for name in _DATA} | {LEDGER: self.totals.ledger_bytes}
        with storing(self.path):
            for name, size in sizes.items():
                path = self.path / name
                path.touch()
                if path.stat().st_size < size:
                    raise StorageError(path, "is shorter than the ledger says (begin anew with --restart)")
                file = self._files[name] = path.open("r+b")
                file.truncate(size)
                file.seek(size)

    def _remove(self) -> None:
        if not (self.path / LEDGER).exists():
            return  # whatever lies here is no run's
        with storing(self.path):
            for name in (LEDGER, *_DATA):  # the ledger first: what it counts is about to go
                (self.path / name).unlink(missing_ok=True)


def require_free(folder: Path) -> None:
    """Refuse early where a run is going on, before anything beside its output is touched.

    Args:
        folder: The folder; must be there.

    Raises:
        StorageError: If another run is writing it.
    """
    _locked(folder).close()


def _by_reason(dropped: Sequence[Sifted]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for end in dropped:
        assert end.rejected is not None
        reasons = counts.setdefault(end.rejected.stage, {})
        reasons[end.rejected.reason] = reasons.get(end.rejected.reason, 0) + 1
    return counts


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _locked(folder: Path) -> sqlite3.Connection:
    """A lock that goes when the process ends, however it ends."""
    connection = sqlite3.connect(folder / _LOCK, timeout=0.5, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StorageError(folder, "another run is writing it") from error
    return connection
