"""All positives of all rows by query: what is never a negative of it. 16 bytes a positive, however long the texts."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np

from embedrank.core.same_text import Digests, digest
from embedrank.training.rows import TrainingRow


class KnownPositives:
    """Positives of rows that ask the same under the same instruction.

    Attributes:
        num_rows: Rows read.
    """

    def __init__(self, rows: Iterable[TrainingRow]) -> None:
        """Read the rows once.

        Args:
            rows: All of them.
        """
        asked, answers = array("Q"), array("Q")
        self.num_rows = 0
        for row in rows:
            self.num_rows += 1
            for positive in row.positives:
                asked.append(query_digest(row))
                answers.append(digest(positive))
        queries, positives = np.frombuffer(asked, dtype=np.uint64), np.frombuffer(answers, dtype=np.uint64)
        order = np.argsort(queries, kind="stable")
        self._queries, self._positives = queries[order], positives[order]

    def of(self, row: TrainingRow) -> Digests:
        """Digests of the positives of all rows that ask what this row asks, its own included."""
        return self._positives[self._span(row)]

    def holds(self, texts: Digests) -> int:
        """How many of some digests are those of positives."""
        return int(np.isin(texts, self._positives).sum())

    def _span(self, row: TrainingRow) -> slice:
        key = np.uint64(query_digest(row))
        return slice(*(int(np.searchsorted(self._queries, key, side=side)) for side in ("left", "right")))


def query_digest(row: TrainingRow) -> int:
    """Digest of what a row asks: its query under its instruction, which decides what answers it."""
    return digest(row.instruction or "", row.query)
