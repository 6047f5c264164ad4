"""Retrieval: a query, in the passage's language or another, that the passage answers."""

from __future__ import annotations

from dataclasses import replace

from embedrank.core.types import joined_text
from embedrank.synthesis.context import StepContext
from embedrank.synthesis.draft import Draft, Rejected, Wish
from embedrank.synthesis.kinds.row import row_of
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.removal import without
from embedrank.synthesis.step import Step
from embedrank.synthesis.steps.configure import ConfigureStep
from embedrank.synthesis.steps.generate import GenerateStep
from embedrank.synthesis.steps.negatives import NegativesStep


class Retrieval:
    """Two steps as in the report, and hard negatives."""

    name = "retrieval"
    task = "retrieval"

    def unserved(self, passage: Passage) -> str | None:
        """Every passage can be asked for."""
        return None

    def has_asker(self, wish: Wish) -> bool:
        """A query has one."""
        return True

    def begin(self, draft: Draft) -> Draft | Rejected:
        """Nothing is decided beforehand."""
        return draft

    def steps(self, context: StepContext) -> tuple[Step, ...]:
        """Configure, generate, negatives."""
        return ConfigureStep(context=context), GenerateStep(context=context), NegativesStep(context=context)

    def finish(self, draft: Draft, context: StepContext) -> Draft | Rejected:
        """The passage, less what the query was taken from, as the positive."""
        title, text = without(draft.passage, draft.facts.get("removed", ()))
        if not text.strip():
            return Rejected(stage=self.name, reason="nothing left", detail="the query took the whole passage")
        row = row_of(self, draft, context, query=draft.facts["query"], positive=joined_text(title, text))
        return replace(draft, row=replace(row, negatives=tuple(draft.facts.get("negatives", ()))))
