"""What a filter is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from embedrank.synthesis.draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a filter says of one row.

    Attributes:
        keep: Whether the row stays.
        reason: Why not, short and the same for all of its kind; empty where it stays.
        figures: What was measured, such as a cosine.
    """

    keep: bool
    reason: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


class Filter(Protocol):
    """Judges drafts that have a row."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def judge(self, drafts: Sequence[Draft]) -> list[Verdict]:
        """One verdict a draft, in order. Drafts that it keeps count for those behind them in the same call."""
        ...

    def remember(self, drafts: Sequence[Draft]) -> None:
        """Rows that passed the whole chain, those of an interrupted run as well; filters without memory do nothing."""
        ...
