"""A filter whose verdict on a row does not depend on other rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.filters.filter import Verdict


class StatelessFilter(Protocol):
    """Judges one row after another and remembers nothing."""

    name: str

    def judge(self, drafts: Sequence[Draft]) -> list[Verdict]:
        """One verdict a draft, in order."""
        return [self.verdict(draft, row_of(draft)) for draft in drafts]

    def remember(self, drafts: Sequence[Draft]) -> None:
        """Nothing to remember."""

    def verdict(self, draft: Draft, row: SyntheticRow) -> Verdict:
        """What to say of one row."""
        ...


def row_of(draft: Draft) -> SyntheticRow:
    """The row of a draft that has one; filters are given no others."""
    assert draft.row is not None, f"draft {draft.key} came to a filter without a row"
    return draft.row
