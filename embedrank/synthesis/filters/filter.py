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
        detail: What exactly was wrong this time.
        figures: What was measured, such as a cosine; names begin with that of the filter.
    """

    keep: bool
    reason: str = ""
    detail: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


def keep(**figures: float) -> Verdict:
    """The row stays.

    Args:
        **figures: What was measured.

    Returns:
        The verdict.
    """
    return Verdict(keep=True, figures=figures)


def drop(reason: str, detail: str = "", **figures: float) -> Verdict:
    """The row goes.

    Args:
        reason: Why, the same words for all of its kind.
        detail: What exactly was wrong.
        **figures: What was measured.

    Returns:
        The verdict.
    """
    return Verdict(keep=False, reason=reason, detail=detail, figures=figures)


class Filter(Protocol):
    """Judges drafts that have a row."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def judge(self, drafts: Sequence[Draft]) -> list[Verdict]:
        """Judge a block of drafts, of which those kept count for those behind them in this call only.

        Args:
            drafts: With rows.

        Returns:
            One verdict a draft, in order.

        Raises:
            GeneratorStoppedError: If it asks a generator that answers no more for now, such as one whose budget is
                spent; the block is to be judged again later.
        """
        ...

    def remember(self, drafts: Sequence[Draft]) -> None:
        """Rows that passed the whole chain, those of an interrupted run as well; filters without memory do nothing."""
        ...
