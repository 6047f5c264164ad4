"""What happened in a run, one JSON object a line, kept so that a resumed run tells one story."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from embedrank.core.errors import StorageError
from embedrank.training.text_counts import TextCounts, summed

Record: TypeAlias = Mapping[str, object]
STEP, DEV, ROWS = "step", "dev", "rows"
"""Kinds of records: an optimiser step, a look at the development set after so many steps, and, at the end, the rows
that each source gave."""


class History:
    """The log file of a run."""

    def __init__(self, path: Path, *, steps_done: int) -> None:
        """Open it, forgetting what a killed run did after its last checkpoint: that will happen again.

        Args:
            path: The file; made where it is missing.
            steps_done: Steps that the run goes on from.

        Raises:
            StorageError: If it cannot be read or written.
        """
        self._path = path
        kept = [record for record in read_history(path) if _done(record) <= steps_done]
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in kept)
        partial = path.with_suffix(".partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise StorageError(path, f"cannot be written: {error}") from error

    def add(self, kind: str, record: Record) -> None:
        """Append a record.

        Args:
            kind: `STEP` or `DEV`.
            record: Plain values, with `step`: steps done when it was made.

        Raises:
            StorageError: If it cannot be written.
        """
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"kind": kind, **record}, ensure_ascii=False) + "\n")
                file.flush()
                if kind == DEV:  # rare, and dear to compute
                    os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(self._path, f"cannot be written: {error}") from error

    def add_once(self, kind: str, record: Record) -> None:
        """As `add`, unless there is a record of this kind and step, as in a run that had ended and is run again."""
        if all(other["step"] != record["step"] for other in self.records(kind)):
            self.add(kind, record)

    def figures(self, step: int) -> dict[str, float]:
        """Figures of the look after so many steps; none where there was no look."""
        return next((numbers_of(record) for record in self.records(DEV) if record["step"] == step), {})

    def texts(self) -> dict[str, TextCounts]:
        """Texts read and cut in all steps, by source."""
        return summed(
            {source: TextCounts(**counts) for source, counts in _mapping(record.get("texts")).items()}
            for record in self.records(STEP)
        )

    def records(self, kind: str) -> list[Record]:
        """All records of a kind, in their order."""
        return [record for record in read_history(self._path) if record.get("kind") == kind]


def read_history(path: Path) -> list[Record]:
    """The records of a log file.

    Args:
        path: The file.

    Returns:
        Its whole lines; a last line that a kill left half written is passed over, and so is a missing file.

    Raises:
        StorageError: If the file is there and cannot be read, or an earlier line is damaged.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(path, f"cannot be read: {error}") from error
    records: list[Record] = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(json.loads(line))
        except ValueError as error:
            if number < len(lines):
                raise StorageError(path, f"line {number} is damaged: {error}") from error
    return records


def numbers_of(record: Record) -> dict[str, float]:
    """The figures of a record by name, without its step."""
    return {
        name: value
        for name, value in record.items()
        if name != "step" and isinstance(value, int | float) and not isinstance(value, bool)
    }


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _done(record: Record) -> int:
    step = record.get("step")
    return step if isinstance(step, int) else 0
