"""STS: two sentences and how similar they are, 0..1, as the losses on scores take it."""

from __future__ import annotations

from dataclasses import replace

from embedrank.synthesis.context import StepContext
from embedrank.synthesis.draft import Draft, Rejected, Wish
from embedrank.synthesis.excerpt import NO_EXCERPT, excerpt_of
from embedrank.synthesis.kinds.row import row_of
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.step import Step
from embedrank.synthesis.steps.pair import PairStep


class Sts:
    """One sentence is the passage's, the other is made for the wished score."""

    name = "sts"
    task = "sts"

    def unserved(self, passage: Passage) -> str | None:
        """Sentences are needed."""
        return "is code" if passage.is_code else None

    def has_asker(self, wish: Wish) -> bool:
        """Nobody asks."""
        return False

    def begin(self, draft: Draft) -> Draft | Rejected:
        """The first sentence."""
        excerpt = excerpt_of(draft)
        return replace(draft, facts={**draft.facts, "excerpt": excerpt}) if excerpt else NO_EXCERPT

    def steps(self, context: StepContext) -> tuple[Step, ...]:
        """One."""
        return (PairStep(context=context),)

    def finish(self, draft: Draft, context: StepContext) -> Draft | Rejected:
        """The pair with its score."""
        row = row_of(self, draft, context, query=draft.facts["excerpt"], positive=draft.facts["second"])
        return replace(draft, row=replace(row, score=draft.wish.score))
