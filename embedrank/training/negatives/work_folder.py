"""The folder beside an output in which a run keeps what it has done until the output is written.

OUT.partial/journal.json       what was asked for and how far the run is; what it does not count does not exist
            texts.utf8, ...    the corpus
            vectors-N.f32      its vectors by encoder N
            decisions.jsonl    one line for each row
            lock.sqlite        its lock keeps a second run out
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from embedrank.core.durable import replace_durably
from embedrank.core.errors import ResumeError, StorageError
from embedrank.training.negatives.corpus import CorpusCounts

_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        corpus: What was read of the corpus; None until all of it was.
        num_vectors: Documents embedded, by encoder.
        num_rows: Rows decided.
        decision_bytes: Length of their decisions.
    """

    corpus: CorpusCounts | None = None
    num_vectors: Mapping[str, int] = field(default_factory=dict)
    num_rows: int = 0
    decision_bytes: int = 0


class WorkFolder:
    """What an unfinished run has done, open to one process at a time.

    Attributes:
        path: The folder.
        progress: How far the run is.
    """

    def __init__(self, out: Path, *, restart: bool) -> None:
        """Open what an earlier run left, or begin.

        Args:
            out: Where the output shall be.
            restart: Whether to throw away what an earlier run left.

        Raises:
            StorageError: If another run is writing it, or it is damaged.
        """
        self.path = out.with_name(out.name + ".partial")
        try:
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(self.path, f"cannot write: {error.strerror or error}") from error
        self._lock = sqlite3.connect(self.path / "lock.sqlite", timeout=0.5, isolation_level=None)
        try:
            self._lock.execute("BEGIN EXCLUSIVE")  # let go of when the process ends, however it ends
        except sqlite3.DatabaseError as error:
            self._lock.close()
            raise StorageError(self.path, "another run is writing it") from error
        self._plan: dict[str, Any] = {}
        self.progress = Progress()
        if restart:
            (self.path / "journal.json").unlink(missing_ok=True)
            return
        try:
            self._read()
        except StorageError:
            self._lock.close()
            raise

    def agree(self, plan: Mapping[str, object]) -> None:
        """Go on only with what the run was begun with.

        Args:
            plan: JSON values by name; names that are new are remembered.

        Raises:
            ResumeError: If a value differs, naming each.
        """
        given = json.loads(json.dumps(plan))
        differences = [
            f"{name} was {_shown(self._plan[name], value)}, is {_shown(value, self._plan[name])}"
            for name, value in given.items()
            if name in self._plan and self._plan[name] != value
        ]
        if differences:
            raise ResumeError(self.path, differences)
        self._plan.update(given)

    def commit(self, progress: Progress) -> None:
        """Write down how far the run is; what it counts has to be durable already.

        Args:
            progress: What holds from now on.

        Raises:
            StorageError: If it cannot be written.
        """
        content = {"version": _VERSION, "plan": self._plan, "progress": asdict(progress)}
        try:
            replace_durably(self.path / "journal.json", json.dumps(content))
        except OSError as error:
            raise StorageError(self.path, f"cannot write: {error.strerror or error}") from error
        self.progress = progress

    def close(self) -> None:
        """Leave it as it is and let others go on with it; a folder in which nothing was done goes."""
        self._lock.close()
        if self.progress == Progress():
            shutil.rmtree(self.path, ignore_errors=True)

    def remove(self) -> None:
        """Remove the folder; the output is there."""
        (self.path / "journal.json").unlink(missing_ok=True)  # first: what it counts is about to go
        self.progress = Progress()
        self.close()

    def _read(self) -> None:
        path = self.path / "journal.json"
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            if raw["version"] != _VERSION:
                raise StorageError(path, f"is of version {raw['version']}, not {_VERSION} (begin anew with --restart)")
            done = raw["progress"]
            counts = None if done["corpus"] is None else CorpusCounts(**done["corpus"])
            self._plan, self.progress = raw["plan"], Progress(**{**done, "corpus": counts})
        except FileNotFoundError:
            return
        except (ValueError, TypeError, KeyError) as error:
            raise StorageError(path, f"is damaged: {error} (begin anew with --restart)") from error


def _shown(value: object, other: object) -> str:
    """A value for people; of a mapping only what differs from another."""
    if isinstance(value, dict) and isinstance(other, dict):
        return ", ".join(
            f"{name} {value.get(name)!r}" for name in sorted({*value, *other}) if value.get(name) != other.get(name)
        )
    return "not given" if value is None else str(value)
