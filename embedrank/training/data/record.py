"""One row as a file has it, before its columns are understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Values by column name.

    Attributes:
        line: Line in a text file or row of a table, from 1.
        fields: The values.
    """

    line: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A row that cannot be used.

    Attributes:
        reason: A few words, the same for all rows with this fault; skipped rows are counted by it.
        problem: What is wrong with this one.
        line: Line or row, from 1; 0 where the reader knows it.
        is_fault: False for what is left out and counted, but is no mistake in the data.
    """

    reason: str
    problem: str
    line: int = 0
    is_fault: bool = True
