"""Drops rows that say what an earlier row says, exactly or nearly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embedrank.core.packages import require_packages
from embedrank.core.same_text import digest, folded
from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.filters.bounds import check_whole, check_within
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.recent_signatures import RecentSignatures, Signature, signature
from embedrank.synthesis.filters.stateless import row_of

_PAIRED = ("sts", "bitext")


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesConfig:
    """What counts as nearly the same, and how far back is looked.

    Attributes:
        similarity: Least estimated Jaccard similarity of runs of four characters; 1 to look for exact copies only.
        window: How many of the last kept rows are searched for near copies; exact ones are found however old they are.
    """

    similarity: float = 0.8
    window: int = 50_000

    def __post_init__(self) -> None:
        check_within("filters.duplicates", {"similarity": self.similarity}, 0.1, 1)
        check_whole("filters.duplicates", {"window": self.window}, least=1)


class DuplicatesFilter:
    """Looks at rows of every kind: at the query, and in sts and bitext rows at the query with its positive.

    Memory: 8 bytes of digest a row in a set, for all rows kept, and the signatures of `window` rows; see
    `docs/synthesis.md` for what that comes to.
    """

    name = "duplicates"

    def __init__(self, config: DuplicatesConfig, needs: FilterNeeds) -> None:
        """Begin with nothing seen.

        Args:
            config: What counts as nearly the same.
            needs: Unused.

        Raises:
            MissingPackageError: If datasketch is not installed.
        """
        require_packages("the filter `duplicates`", "datasketch", extra="synthesis")
        self._finds_near = config.similarity < 1
        self._digests: set[int] = set()
        self._recent = RecentSignatures(config.similarity, config.window)
        self._of_block = RecentSignatures(config.similarity, config.window)
        self._signed: dict[str, Signature] = {}

    def judge(self, drafts: Sequence[Draft]) -> list[Verdict]:
        """Drop rows that repeat a remembered one or an earlier one of the same call."""
        digests: set[int] = set()
        self._of_block.clear()
        self._signed.clear()
        return [self._verdict(draft, digests) for draft in drafts]

    def remember(self, drafts: Sequence[Draft]) -> None:
        """Hold later rows against these."""
        for draft in drafts:
            row = row_of(draft)
            self._digests.add(_digest(row))
            if self._finds_near:
                known = self._signed.get(draft.key)
                self._recent.add(draft.key, signature(_compared(row)) if known is None else known)

    def _verdict(self, draft: Draft, digests: set[int]) -> Verdict:
        row = row_of(draft)
        own = _digest(row)
        if own in self._digests or own in digests:
            return drop("duplicate")
        if self._finds_near:
            made = signature(_compared(row))
            near = self._recent.nearest(made) or self._of_block.nearest(made)
            if near is not None:
                return drop("near duplicate", f"of {near[0]}, similarity {near[1]:.2f}", duplicates_similarity=near[1])
            self._signed[draft.key] = made
            self._of_block.add(draft.key, made)
        digests.add(own)
        return keep()


def _compared(row: SyntheticRow) -> str:
    return f"{row.query}\n{row.positives[0]}" if row.task in _PAIRED else row.query


def _digest(row: SyntheticRow) -> int:
    text = _compared(row)
    return digest(text if row.task == "code" else folded(text))  # punctuation of code carries meaning
