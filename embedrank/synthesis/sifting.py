"""The chain of filters over a block: what each of them lets through goes on to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.filters.filter import Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """The end of one draft.

    Attributes:
        draft: The draft, with its row if it ever had one.
        rejected: Why it was dropped; None where its row is kept.
        figures: What filters measured.
    """

    draft: Draft
    rejected: Rejected | None
    figures: dict[str, float]


def sift(drafts: Sequence[Draft], results: Sequence[Draft | Rejected], filters: Sequence[Filter]) -> list[Sifted]:
    """Judge rows, and tell kept filters' memory of those that passed.

    Args:
        drafts: As they began.
        results: What the steps made of each.
        filters: The chain, in order.

    Returns:
        The end of each draft, in order.

    Raises:
        GeneratorStoppedError: If a filter asks a generator that answers no more; nothing is remembered then.
    """
    alive = {index: result for index, result in enumerate(results) if isinstance(result, Draft)}
    rejected = {index: result for index, result in enumerate(results) if isinstance(result, Rejected)}
    figures: dict[int, dict[str, float]] = {index: {} for index in range(len(drafts))}
    last = dict(enumerate(drafts)) | alive
    for each in filters:
        verdicts = each.judge(list(alive.values())) if alive else []
        for index, verdict in zip(list(alive), verdicts, strict=True):
            figures[index] |= verdict.figures
            if not verdict.keep:
                rejected[index] = Rejected(stage=each.name, reason=verdict.reason, detail=verdict.detail)
                del alive[index]
    for each in filters:
        each.remember(list(alive.values()))
    return [
        Sifted(draft=last[index], rejected=rejected.get(index), figures=figures[index]) for index in range(len(drafts))
    ]
