"""The rows of one source, epoch after epoch, each epoch in an order of its own."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from embedrank.training.rows import TrainingRow
from embedrank.training.seeded import Order, order_of

_READ_AT_ONCE: Final = 1024  # places of the order


class Rows(Protocol):
    """Rows by number: a list, or a `RowFile`."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> TrainingRow: ...


@dataclass(frozen=True, slots=True)
class Pick:
    """A row chosen for a batch: its number and the epoch in which it was drawn; the row itself where it was read."""

    epoch: int
    index: int
    row: TrainingRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCounts:
    """What a source has given so far.

    Attributes:
        num_rows: Rows it holds.
        epoch: Epochs completed.
        num_given: Rows that went into batches.
        num_dropped: Rows at the ends of epochs that were left out because they filled no batch.
        num_deferred: Times a row was put off because it shared a text with the batch.
        num_waiting: Rows put off that wait for a later batch.
    """

    num_rows: int
    epoch: int
    num_given: int
    num_dropped: int
    num_deferred: int
    num_waiting: int


class SourceStream:
    """Gives rows, and remembers where it is."""

    def __init__(self, rows: Rows, *, seed: int, drop_last: bool, distinct: bool, most_waiting: int) -> None:
        """Begin at the first epoch.

        Args:
            rows: The rows.
            seed: Seed of the order.
            drop_last: Whether the rest of an epoch is left out where it does not fill what is asked for.
            distinct: Whether a row waits while one with the same query or a positive of it is in the batch.
            most_waiting: Most rows that wait; a batch stays short rather than to put off more.
        """
        self._rows, self._seed, self._drop_last, self._distinct = rows, seed, drop_last, distinct
        self._most_waiting = most_waiting
        self._epoch = self._place = 0
        self._waiting: list[Pick] = []
        self._given = self._dropped = self._deferred = 0
        self._order: Order = order_of(len(rows), seed=seed, epoch=0)
        self._block: list[int] = []
        self._block_start = 0

    def take(self, count: int, met: set[Hashable]) -> list[Pick]:
        """Rows of a batch, those that wait first.

        Args:
            count: Rows wanted; a smaller source gives all it has.
            met: What is in the batch already; grows by what is given.

        Returns:
            Rows, fewer than wanted where too many share a text.
        """
        count = min(count, len(self._rows))
        left = len(self._rows) - self._place
        if not left or (self._drop_last and left + len(self._waiting) < count):
            self._dropped += left
            self._next_epoch()
        waiting, self._waiting = self._waiting, []
        taken: list[Pick] = []
        for pick in waiting:
            if len(taken) < count and not self._shares(pick, met):
                taken.append(pick)
            else:
                self._waiting.append(pick)
        self._draw(taken, count, met)
        self._given += len(taken)
        return taken

    def state(self) -> dict[str, Any]:
        """Where it is, as plain values."""
        return {
            "epoch": self._epoch,
            "place": self._place,
            "waiting": [[pick.epoch, pick.index] for pick in self._waiting],
            "given": self._given,
            "dropped": self._dropped,
            "deferred": self._deferred,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to where it was.

        Args:
            state: From `state()`.
        """
        self._epoch, self._place = int(state["epoch"]), int(state["place"])
        self._waiting = [self._read(epoch, index) for epoch, index in state["waiting"]]
        self._given, self._dropped, self._deferred = state["given"], state["dropped"], state["deferred"]
        self._order, self._block = order_of(len(self._rows), seed=self._seed, epoch=self._epoch), []

    def counts(self) -> SourceCounts:
        """What it has given so far."""
        return SourceCounts(
            num_rows=len(self._rows),
            epoch=self._epoch + (self._place == len(self._rows)),
            num_given=self._given,
            num_dropped=self._dropped,
            num_deferred=self._deferred,
            num_waiting=len(self._waiting),
        )

    def _draw(self, taken: list[Pick], count: int, met: set[Hashable]) -> None:
        """Fill up with new rows; a batch goes past the end of an epoch once at most."""
        last_epoch = self._epoch + 1
        while len(taken) < count and len(self._waiting) < self._most_waiting:
            if self._place == len(self._rows):
                if self._epoch == last_epoch:
                    return
                self._next_epoch()
            pick = self._read(self._epoch, self._index())
            self._place += 1
            if self._shares(pick, met):
                self._waiting.append(pick)
                self._deferred += 1
            else:
                taken.append(pick)

    def _shares(self, pick: Pick, met: set[Hashable]) -> bool:
        """Whether the batch has this row, or a text of it, already; if not, it has them from now on."""
        row = pick.row
        texts: set[Hashable] = {(id(self), pick.index)} if row is None else {row.query, *row.positives}
        if not met.isdisjoint(texts):
            return True
        met.update(texts)
        return False

    def _read(self, epoch: int, index: int) -> Pick:
        return Pick(epoch, index, self._rows[index] if self._distinct else None)

    def _index(self) -> int:
        """The row at the present place."""
        offset = self._place - self._block_start
        if not 0 <= offset < len(self._block):
            self._block = self._order.part(self._place, self._place + _READ_AT_ONCE)
            self._block_start, offset = self._place, 0
        return self._block[offset]

    def _next_epoch(self) -> None:
        self._epoch, self._place = self._epoch + 1, 0
        self._order, self._block = order_of(len(self._rows), seed=self._seed, epoch=self._epoch), []
