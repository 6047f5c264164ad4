"""Classification: a text, the text of its label as the positive, wrong labels as negatives."""

from __future__ import annotations

from dataclasses import replace

from embedrank.synthesis.context import StepContext
from embedrank.synthesis.draft import Draft, Rejected, Wish
from embedrank.synthesis.kinds.row import row_of
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.step import Step
from embedrank.synthesis.steps.classify import ClassifyStep


class Classification:
    """With the classes of the passage's set where there are any, else with a task of the model's own."""

    name = "classification"
    task = "classification"

    def unserved(self, passage: Passage) -> str | None:
        """Code without a label has no natural class."""
        return "is code" if passage.is_code and not passage.label else None

    def has_asker(self, wish: Wish) -> bool:
        """Nobody asks."""
        return False

    def begin(self, draft: Draft) -> Draft | Rejected:
        """Nothing is decided beforehand."""
        return draft

    def steps(self, context: StepContext) -> tuple[Step, ...]:
        """One."""
        return (ClassifyStep(context=context),)

    def finish(self, draft: Draft, context: StepContext) -> Draft | Rejected:
        """The text with right and wrong labels."""
        facts, label = draft.facts, draft.passage.label
        if label is None:
            label, wrong = facts["label"], facts["wrong_labels"]
        else:
            wrong = tuple(other for other in context.labels.get(draft.passage.source, ()) if other != label)
        if not wrong:
            detail = f"the set {draft.passage.source!r} has only {label!r}"
            return Rejected(stage=self.name, reason="no wrong label", detail=detail)
        row = row_of(self, draft, context, query=facts["query"], positive=label)
        return replace(draft, row=replace(row, negatives=wrong, instruction=facts.get("task", row.instruction)))
