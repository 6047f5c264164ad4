"""The ledger of a run: what it was asked for, and a line for each block that is written. What it does not say is not.

The first line holds the settings, each further one a block: how many passages, what became of their drafts, and how
long the files were afterwards. A kill can leave a part of a last line; it does not count.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from embedrank.core.errors import ResumeError, StorageError

_VERSION: Final = 1

Settings: TypeAlias = Mapping[str, object]
"""JSON values by dotted name; a run may go on only where all are equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over the blocks of a ledger.

    Attributes:
        passages: Passages done.
        drafts: Drafts of them.
        kept: Rows written.
        dropped: Drafts that came to nothing, by stage and reason.
        answers: Outcomes of requests, as `Made` counts them.
        seconds: Wall time.
        sizes: Bytes of each output file.
        ledger_bytes: Bytes of the ledger that count.
    """

    passages: int = 0
    drafts: int = 0
    kept: int = 0
    dropped: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    answers: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    sizes: Mapping[str, int] = field(default_factory=dict)
    ledger_bytes: int = 0

    @property
    def num_dropped(self) -> int:
        """Drafts that came to nothing."""
        return sum(sum(reasons.values()) for reasons in self.dropped.values())

    def plus(self, entry: Mapping[str, Any], ledger_bytes: int) -> Totals:
        """Count a block.

        Args:
            entry: Its line.
            ledger_bytes: Where that ends.

        Returns:
            The new sums.
        """
        return Totals(
            passages=self.passages + entry["passages"],
            drafts=self.drafts + entry["drafts"],
            kept=self.kept + entry["kept"],
            dropped=_summed(self.dropped, entry["dropped"]),
            answers=dict(Counter(self.answers) + Counter(entry["answers"])),
            seconds=self.seconds + entry["seconds"],
            sizes=entry["sizes"],
            ledger_bytes=ledger_bytes,
        )


def first_line(settings: Settings) -> bytes:
    """The line that a ledger begins with."""
    return (json.dumps({"version": _VERSION, "settings": settings}, ensure_ascii=False) + "\n").encode("utf-8")


def read_ledger(path: Path) -> tuple[Settings, Totals]:
    """Read a ledger.

    Args:
        path: The file.

    Returns:
        The settings, and sums over its blocks.

    Raises:
        StorageError: If it is damaged, cannot be read, or is of another version.
    """
    lines = _whole_lines(path)
    try:
        head, length = next(lines, (None, 0))
        if head is None or head["version"] != _VERSION:
            raise StorageError(path, "is no ledger of this version (begin anew with --restart)")
        totals = Totals(ledger_bytes=length)
        for entry, end in lines:
            totals = totals.plus(entry, end)
        return head["settings"], totals
    except (KeyError, TypeError, AttributeError) as error:
        raise StorageError(path, f"is damaged: no {error} (begin anew with --restart)") from error


def require_same(path: Path, stored: Settings, given: Settings) -> None:
    """Refuse to go on with a run that was begun otherwise.

    Args:
        path: The folder of the run.
        stored: What it was begun with.
        given: What it is to go on with.

    Raises:
        ResumeError: If anything differs, naming each.
    """
    given = json.loads(json.dumps(given))
    differences = [
        f"{name} was {_shown(stored.get(name))}, is {_shown(given.get(name))}"
        for name in [*stored, *(name for name in given if name not in stored)]
        if stored.get(name) != given.get(name)
    ]
    if differences:
        raise ResumeError(path, differences)


def _whole_lines(path: Path) -> Iterator[tuple[Any, int]]:
    """Each line with the place where it ends; a last one that is broken off is left out."""
    end = 0
    try:
        with path.open("rb") as file:
            for raw in file:
                if not raw.endswith(b"\n"):
                    return
                end += len(raw)
                yield json.loads(raw), end
    except OSError as error:
        raise StorageError(path, f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise StorageError(path, f"is damaged at byte {end}: {error} (begin anew with --restart)") from error


def _summed(
    counts: Mapping[str, Mapping[str, int]], more: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    names = [*counts, *(name for name in more if name not in counts)]
    return {name: dict(Counter(counts.get(name, {})) + Counter(more.get(name, {}))) for name in names}


def _shown(value: object) -> str:
    return "not given" if value is None else str(value)
