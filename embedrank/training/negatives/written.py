"""Negatives that a row has already, such as those an LLM wrote: kept apart from mined ones, not judged by score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embedrank.core.same_text import digest
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.known_positives import KnownPositives
from embedrank.training.rows import TrainingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The negatives of a row before mining.

    Attributes:
        kept: Those that stay, in their order.
        num_replaced: Those that make room for mined ones.
        num_wrong: Those that are the same text as a positive of the query, or as an earlier one.
    """

    kept: Sequence[str]
    num_replaced: int
    num_wrong: int


def written_negatives(row: TrainingRow, known: KnownPositives, config: MiningConfig) -> Written:
    """Sort out what a row has already.

    Args:
        row: The row.
        known: All positives.
        config: Whether they stay.

    Returns:
        What stays and what goes.
    """
    if not row.negatives or config.existing == "replace":
        return Written(kept=(), num_replaced=len(row.negatives), num_wrong=0)
    seen, kept = set(known.of(row).tolist()), []
    for text in row.negatives:
        if (key := digest(text)) not in seen:
            seen.add(key)
            kept.append(text)
    return Written(kept=kept, num_replaced=0, num_wrong=len(row.negatives) - len(kept))
