"""What steps share in a run, and how they ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Protocol

from embedrank.core.generation import GenerationRequest
from embedrank.synthesis.draft import Draft
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.plan_config import PlanConfig
from embedrank.synthesis.prompts import PromptLibrary, load_prompts
from embedrank.synthesis.spread import hashed

_SEEDS: Final = 1 << 31  # what servers take


class PersonaLookup(Protocol):
    """Finds those who might ask for a passage."""

    def candidates(self, passages: Sequence[Passage]) -> list[tuple[str, ...]]:
        """Personas for each passage, the most relevant first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What steps share.

    Attributes:
        plan: The plan's settings.
        prompts: How they ask.
        personas: Who might ask; None where nobody is chosen.
        labels: All classes by name of the set, for classification rows.
        reads_prose: Whether the generator reads prompts. One that does not chooses no persona, writes no negatives and
            knows no difficulty, so that these are not asked of it and not said of its rows.
        seed: Of the run.
    """

    plan: PlanConfig
    prompts: PromptLibrary
    personas: PersonaLookup | None = None
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reads_prose: bool = True
    seed: int = 0

    @classmethod
    def of(
        cls,
        plan: PlanConfig,
        *,
        seed: int,
        personas: PersonaLookup | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
        reads_prose: bool = True,
    ) -> StepContext:
        """The context of a run.

        Args:
            plan: The plan's settings.
            seed: Of the run.
            personas: Who might ask.
            labels: All classes by name of the set.
            reads_prose: Whether the generator reads prompts.

        Returns:
            The context, with the prompts of this package.
        """
        return cls(
            plan=plan,
            prompts=load_prompts(plan.domain),
            personas=personas,
            labels=labels or {},
            reads_prose=reads_prose,
            seed=seed,
        )

    @property
    def num_negatives(self) -> int:
        """Hard negatives that are asked for."""
        return self.plan.negatives if self.reads_prose else 0

    def request(
        self,
        draft: Draft,
        step: str,
        *,
        values: Mapping[str, str],
        choices: Mapping[str, str | None],
        schema: Mapping[str, Any],
        told: Mapping[str, Any],
    ) -> GenerationRequest:
        """Ask by the prompt of a step.

        Args:
            draft: What it is asked for.
            step: Name of the step, which is that of its prompt.
            values: Texts in the prompt, besides those of the passage.
            choices: What is chosen, by name; None is left out.
            schema: What the answer must look like.
            told: Facts for generators that read no prose, besides passage and wish.

        Returns:
            The request.
        """
        chosen = {name: choice for name, choice in choices.items() if choice is not None}
        texts = {"passage": self.shown(draft.passage), "title": draft.passage.title, **values}
        key = f"{draft.key}/{step}"
        return GenerationRequest(
            key=key,
            messages=self.prompts[step].messages(texts, chosen, self.prompts.domain) if self.reads_prose else (),
            schema=schema,
            max_tokens=self.plan.max_tokens,
            temperature=self.plan.temperature,
            seed=hashed(self.seed, key) % _SEEDS,
            facts={"step": step, "passage": asdict(draft.passage), "wish": asdict(draft.wish), **told},
        )

    def shown(self, passage: Passage) -> str:
        """The passage as prompts show it."""
        return passage.text[: self.plan.max_passage_chars]
