"""What all steps have in common: ask by a prompt, read the answer by its schema, keep what it says as facts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from embedrank.core.generation import GenerationRequest
from embedrank.synthesis.answers import Unusable, read_answer
from embedrank.synthesis.context import StepContext
from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.languages import language_name

UNKNOWN_LANGUAGE = "the language of the passage"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingStep(ABC):
    """A `Step` whose subclasses say what is asked.

    Attributes:
        name: Key of its prompt, and what reports call it.
        context: What steps share.
    """

    name: ClassVar[str]
    context: StepContext

    def request(self, draft: Draft) -> GenerationRequest | None:
        """What to ask, or None where this draft does not need the step."""
        if not self.is_needed(draft):
            return None
        return self.context.request(
            draft,
            self.name,
            values=self.values(draft) if self.context.reads_prose else {},
            choices=self.choices(draft),
            schema=self.schema(draft),
            told=self.told(draft),
        )

    def take(self, draft: Draft, answer: str) -> Draft | Rejected:
        """The draft with what the answer says, or why it cannot be used."""
        found = read_answer(answer, self.schema(draft))
        if isinstance(found, Unusable):
            return Rejected(stage=self.name, reason=found.reason, detail=found.detail)
        learnt = self.facts(draft, found)
        if isinstance(learnt, Rejected):
            return learnt
        facts = {**draft.facts, **learnt}
        if self.context.reads_prose:
            facts["prompts"] = {**draft.facts.get("prompts", {}), self.name: self.context.prompts[self.name].mark}
        return replace(draft, facts={name: fact for name, fact in facts.items() if fact is not None})

    def is_needed(self, draft: Draft) -> bool:
        """Whether anything is to be asked for this draft."""
        return True

    @abstractmethod
    def values(self, draft: Draft) -> Mapping[str, str]:
        """Texts in the prompt, besides passage and title."""

    def choices(self, draft: Draft) -> Mapping[str, str | None]:
        """What is chosen, by name in the prompt."""
        return {}

    @abstractmethod
    def schema(self, draft: Draft) -> Mapping[str, Any]:
        """What the answer must look like."""

    @abstractmethod
    def facts(self, draft: Draft, found: Mapping[str, Any]) -> Mapping[str, Any] | Rejected:
        """What the draft learns from an answer that fits the schema; None takes a fact back."""

    def told(self, draft: Draft) -> Mapping[str, Any]:
        """Facts for generators that read no prose, besides passage and wish."""
        return {}

    def refused(self, reason: str, detail: str = "") -> Rejected:
        """Say that an answer of the right shape cannot be used."""
        return Rejected(stage=self.name, reason=reason, detail=detail)


def length_text(draft: Draft) -> str:
    """The wished length as a prompt says it."""
    if draft.wish.length is None:
        return "any length"
    low, high = draft.wish.length
    return f"{low} words" if low == high else f"{low} to {high} words"


def language_text(draft: Draft) -> str:
    """The wished language as a prompt says it."""
    code = draft.wish.lang or draft.passage.lang
    return language_name(code) if code else UNKNOWN_LANGUAGE
