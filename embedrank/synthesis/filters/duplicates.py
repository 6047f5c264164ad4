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
        similarity: Least estimated Jaccard similarity of runs of four characters; None to look for exact copies only.
        window: How many of the last kept rows are searched for near copies; exact ones are found however old they are.
    """

    similarity: float | None = 0.8
    window: int = 50_000

    def __post_init__(self) -> None:
        if self.similarity is not None:
            check_within("filters.duplicates", {"similarity": self.similarity}, 0.1, 0.95)
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
        self._digests: set[int] = set()
        self._near: _Near | None = None if config.similarity is None else _Near(config.similarity, config.window)

    def judge(self, drafts: Sequence[Draft]) -> list[Verdict]:
        """Drop rows that repeat a remembered one or an earlier one of the same call."""
        digests: set[int] = set()
        if self._near is not None:
            self._near.begin_block()
        return [self._verdict(draft, digests) for draft in drafts]

    def remember(self, drafts: Sequence[Draft]) -> None:
        """Hold later rows against these."""
        for draft in drafts:
            self._digests.add(_digest(row_of(draft)))
            if self._near is not None:
                self._near.remember(draft.key, _compared(row_of(draft)))

    def _verdict(self, draft: Draft, digests: set[int]) -> Verdict:
        own = _digest(row_of(draft))
        if own in self._digests or own in digests:
            return drop("duplicate")
        near = None if self._near is None else self._near.find_or_take(draft.key, _compared(row_of(draft)))
        if near is not None:
            name, similarity = near
            return drop("near duplicate", f"of {name}, similarity {similarity:.2f}", duplicates_similarity=similarity)
        digests.add(own)
        return keep()


class _Near:
    """Signatures of remembered rows, and of those kept in the block at hand."""

    def __init__(self, similarity: float, window: int) -> None:
        self._recent = RecentSignatures(similarity, window)
        self._of_block = RecentSignatures(similarity, window)
        self._signed: dict[str, Signature] = {}

    def begin_block(self) -> None:
        self._of_block.clear()
        self._signed.clear()

    def find_or_take(self, name: str, text: str) -> tuple[str, float] | None:
        """The row that a text nearly repeats and how nearly; None for a text that is new, which counts from now on."""
        made = signature(text)
        near = self._recent.nearest(made) or self._of_block.nearest(made)
        if near is None:
            self._signed[name] = made
            self._of_block.add(name, made)
        return near

    def remember(self, name: str, text: str) -> None:
        made = self._signed.get(name)
        self._recent.add(name, signature(text) if made is None else made)


def _compared(row: SyntheticRow) -> str:
    return f"{row.query}\n{row.positives[0]}" if row.task in _PAIRED else row.query


def _digest(row: SyntheticRow) -> int:
    text = _compared(row)
    return digest(text if row.task == "code" else folded(text))  # punctuation of code carries meaning
