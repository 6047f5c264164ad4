"""How a draft becomes a row: what all kinds say of it in the same way."""

from __future__ import annotations

from typing import Final

from embedrank.synthesis.context import StepContext
from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.kinds.kind import Kind

UNNAMED_SOURCE: Final = "synthetic"


def row_of(kind: Kind, draft: Draft, context: StepContext, *, query: str, positive: str) -> SyntheticRow:
    """A row without negatives and score.

    Args:
        kind: Its kind.
        draft: The draft it is made of.
        context: Has the instructions.
        query: The query.
        positive: What answers it.

    Returns:
        The row, with its set's name as source.
    """
    query_type = draft.facts.get("query_type") or draft.wish.query_type
    return SyntheticRow(
        task=kind.task,
        query=query,
        positives=(positive,),
        source=draft.passage.source or UNNAMED_SOURCE,
        instruction=context.prompts.instruction(kind.name, query_type),
        lang=draft.wish.lang or draft.passage.lang,
    )
