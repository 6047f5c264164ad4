"""The decisions of a run on disk, one line a row."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from embedrank.training.negatives.decision import Decision
from embedrank.training.negatives.work_folder import WorkFolder

_COMMIT_EVERY_S: Final = 1.0


class DecisionFile:
    """Decisions in the order of the rows, of which a kill loses those of the last second.

    Attributes:
        num_rows: Rows decided.
    """

    def __init__(self, work: WorkFolder) -> None:
        """Open what there is and forget what came after the last commit.

        Args:
            work: Where it lies.
        """
        self._work, self._path = work, work.path / "decisions.jsonl"
        self._path.touch()
        os.truncate(self._path, work.progress.decision_bytes)
        self._file = self._path.open("ab")
        self._committed_at = time.monotonic()
        self.num_rows = work.progress.num_rows

    def append(self, decision: Decision) -> None:
        """Add the decision on the next row, and commit where the last commit was long ago.

        Args:
            decision: What was decided.
        """
        self._file.write(decision.to_line().encode("ascii"))
        self.num_rows += 1
        if time.monotonic() - self._committed_at >= _COMMIT_EVERY_S:
            self.commit()

    def commit(self) -> None:
        """Make durable what was added."""
        if self.num_rows == self._work.progress.num_rows:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        done = replace(self._work.progress, num_rows=self.num_rows, decision_bytes=self._file.tell())
        self._work.commit(done)
        self._committed_at = time.monotonic()

    def close(self) -> None:
        """Close the file; what was not committed may be lost."""
        self._file.close()

    def decisions(self) -> Iterator[Decision]:
        """All that was committed, from the first row on."""
        with self._path.open(encoding="ascii") as lines:
            for line in lines:
                yield Decision.from_line(line)
