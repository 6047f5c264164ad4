"""The seam between rows and token ids: a reading makes them, ahead of their use or when a task asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from embedrank.training.rows import TrainingRow
from embedrank.training.text_counts import TextCounts


class TokenBatch(Protocol):
    """Token ids of a batch, in whatever form its task takes them."""

    @property
    def texts(self) -> Mapping[str, TextCounts]:
        """Texts read and cut, by source."""
        ...


Batch_co = TypeVar("Batch_co", bound=TokenBatch, covariant=True)


class Reading(Protocol[Batch_co]):
    """How rows become token ids; readings that do the same are equal."""

    def __call__(self, rows: Sequence[TrainingRow], /) -> Batch_co:
        """Token ids of the rows of one batch."""
        ...


class ReadRows(list[TrainingRow]):
    """Rows of a batch whose token ids are there already.

    Attributes:
        tokens: Their token ids.
        reading: How they were made.
    """

    def __init__(self, rows: Sequence[TrainingRow], reading: Reading[Any]) -> None:
        """Read rows.

        Args:
            rows: Rows of one batch.
            reading: How.
        """
        super().__init__(rows)
        self.tokens, self.reading = reading(rows), reading


def read(rows: Sequence[TrainingRow], reading: Reading[Batch_co]) -> Batch_co:
    """Token ids of a batch; rows that were read ahead in the same way are not read again.

    Args:
        rows: Rows of one batch.
        reading: How.

    Returns:
        The token ids.
    """
    if isinstance(rows, ReadRows) and rows.reading == reading:
        found: Batch_co = rows.tokens
        return found
    return reading(rows)
