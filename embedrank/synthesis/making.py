"""From drafts to rows: step after step, each one round of requests over a whole block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from embedrank.core.errors import GeneratorStoppedError
from embedrank.core.generation import Completion, Failure, GenerationRequest, Outcome
from embedrank.core.protocols import TextGenerator
from embedrank.synthesis.draft import Draft, Rejected
from embedrank.synthesis.step import Step


class Recipe(Protocol):
    """What is done with a draft: its beginning, its steps, its end."""

    def begin(self, drafts: Sequence[Draft]) -> list[Draft | Rejected]:
        """What is decided for a block before anything is asked."""
        ...

    def steps(self, kind: str) -> Sequence[Step]:
        """What is asked for a draft of a kind, in order."""
        ...

    def finish(self, draft: Draft) -> Draft | Rejected:
        """The draft with its row."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of the drafts of a block.

    Attributes:
        results: For each draft the draft with its row, or why it has none.
        answers: Outcomes by what they were: `answered`, of which `cached`, and `failed`.
    """

    results: tuple[Draft | Rejected, ...]
    answers: Mapping[str, int]


def make(drafts: Sequence[Draft], recipe: Recipe, generator: TextGenerator) -> Made:
    """Take drafts through all steps.

    Args:
        drafts: As the plan wants them.
        recipe: What is done with them.
        generator: Answers.

    Returns:
        What became of each.

    Raises:
        GeneratorStoppedError: If a request has no answer for now; nothing of the block counts then.
    """
    results = recipe.begin(drafts)
    counts: Counter[str] = Counter()
    steps = [recipe.steps(draft.wish.kind) for draft in drafts]
    for number in range(max(map(len, steps), default=0)):
        asked: dict[int, tuple[Step, GenerationRequest]] = {}
        for index, result in enumerate(results):
            if isinstance(result, Draft) and number < len(steps[index]):
                request = steps[index][number].request(result)
                if request is not None:
                    asked[index] = (steps[index][number], request)
        outcomes = generator.generate([request for _, request in asked.values()]) if asked else []
        for (index, (step, _)), outcome in zip(asked.items(), outcomes, strict=True):
            results[index] = _taken(step, results[index], outcome, generator.name)
            _count(counts, outcome)
    return Made(results=tuple(_finished(result, recipe) for result in results), answers=dict(counts))


def _taken(step: Step, draft: Draft | Rejected, outcome: Outcome, generator: str) -> Draft | Rejected:
    assert isinstance(draft, Draft)
    if isinstance(outcome, Completion):
        return step.take(draft, outcome.text)
    if not outcome.is_final:
        raise GeneratorStoppedError(generator, reason=outcome.reason, detail=outcome.detail)
    return Rejected(stage=step.name, reason=outcome.reason, detail=outcome.detail)


def _count(counts: Counter[str], outcome: Outcome) -> None:
    if isinstance(outcome, Failure):
        counts["failed"] += 1
    else:
        counts["answered"] += 1
        counts["cached"] += outcome.is_cached


def _finished(result: Draft | Rejected, recipe: Recipe) -> Draft | Rejected:
    done = recipe.finish(result) if isinstance(result, Draft) else result
    assert isinstance(done, Rejected) or done.row is not None, f"draft {done.key} was finished without a row"
    return done
