"""From wish to row with one context: what is done with drafts before, between and after the generator's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from embedrank.synthesis.context import StepContext
from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.kinds import KINDS
from embedrank.synthesis.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """The order of calls: `begin`, the steps of the draft's kind, `finish`.

    Attributes:
        context: What steps share.
    """

    context: StepContext

    def begin(self, drafts: Sequence[Draft]) -> list[Draft | Rejected]:
        """Find out who might ask, and turn away what cannot be served.

        Args:
            drafts: Drafts as the plan makes them.

        Returns:
            For each draft the draft with its first facts; or why nothing can come of it, with the stage `plan`.
        """
        found = [self._begun(draft) for draft in drafts]
        if self.context.personas is None or not self.context.reads_prose:
            return found
        asked = {index: draft for index, draft in enumerate(found) if isinstance(draft, Draft) and _has_asker(draft)}
        if asked:
            candidates = self.context.personas.candidates([draft.passage for draft in asked.values()])
            for (index, draft), personas in zip(asked.items(), candidates, strict=True):
                found[index] = replace(draft, facts={**draft.facts, "personas": personas})
        return found

    def steps(self, kind: str) -> tuple[Step, ...]:
        """What is asked for a draft of a kind, in order."""
        return KINDS[kind].steps(self.context)

    def finish(self, draft: Draft) -> Draft | Rejected:
        """The draft with its row; or why there is none."""
        return KINDS[draft.wish.kind].finish(draft, self.context)

    def _begun(self, draft: Draft) -> Draft | Rejected:
        kind = KINDS[draft.wish.kind]
        if reason := kind.unserved(draft.passage):
            return Rejected(stage="plan", reason=reason, detail=f"for a row of kind {kind.name}")
        if len(draft.passage.text) > self.context.plan.max_passage_chars:
            draft = replace(draft, facts={**draft.facts, "shown_chars": self.context.plan.max_passage_chars})
        return kind.begin(draft)


def _has_asker(draft: Draft) -> bool:
    return KINDS[draft.wish.kind].has_asker(draft.wish)
