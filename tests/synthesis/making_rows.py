"""Takes one passage through plan-less wishes, steps and the end, with answers from a generator or from a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from embedrank.core.generation import Completion, GenerationRequest
from embedrank.core.protocols import TextGenerator
from embedrank.synthesis.context import StepContext
from embedrank.synthesis.draft import Draft, Rejected, SyntheticRow, Wish
from embedrank.synthesis.drafting import Drafting
from embedrank.synthesis.generators.extractive import ExtractiveGenerator
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.plan_config import PlanConfig

ENGLISH = (
    "The Monastic Brotherhood of Etchmiadzin consists of celibate priests. "
    "An abbot leads them, and the brotherhood elects two delegates to the National Council. "
    "Every married priest belongs to the diocese that he serves in, not to a brotherhood. "
    "The Patriarchate of Jerusalem has a brotherhood of its own, named after Saint James."
)

Answers = Mapping[str, Any] | Callable[[GenerationRequest], str]
"""By step the object to answer with; or the text for a request."""


def passage(text: str = ENGLISH, **fields: Any) -> Passage:
    return Passage(**{"id": "s/1", "title": "Armenian Church", "source": "s", "lang": "en", **fields, "text": text})


def code(text: str, lang: str = "python", **fields: Any) -> Passage:
    return passage(text, **{"lang": lang, "is_code": True, "title": "", **fields})


def context(*, reads_prose: bool, labels: Mapping[str, tuple[str, ...]] | None = None, **plan: Any) -> StepContext:
    return StepContext.of(PlanConfig(**plan), seed=0, labels=labels, reads_prose=reads_prose)


def asked(drafting: Drafting, wish: Wish, of: Passage, answers: Answers) -> tuple[Draft | Rejected, list[Any]]:
    """The end of one draft of a model that answers as told, and all requests."""
    requests: list[GenerationRequest] = []
    (result,) = drafting.begin([Draft(key=f"{of.id}#0", passage=of, wish=wish)])
    for step in drafting.steps(wish.kind):
        if isinstance(result, Rejected):
            break
        if (request := step.request(result)) is not None:
            requests.append(request)
            text = answers(request) if callable(answers) else json.dumps(answers[step.name])
            result = step.take(result, text)
    return (result if isinstance(result, Rejected) else drafting.finish(result)), requests


def extracted(wish: Wish, of: Passage, *, key: int = 0, generator: TextGenerator | None = None, **plan: Any) -> Any:
    """The row that the extractive generator makes; or why there is none, as (stage, reason)."""
    drafting = Drafting(context=context(reads_prose=False, **plan))
    (result,) = drafting.begin([Draft(key=f"{of.id}#{key}", passage=of, wish=wish)])
    for step in drafting.steps(wish.kind):
        if isinstance(result, Rejected):
            break
        if (request := step.request(result)) is not None:
            (outcome,) = (generator or ExtractiveGenerator()).generate([request])
            if not isinstance(outcome, Completion):
                return step.name, outcome.reason
            result = step.take(result, outcome.text)
    result = result if isinstance(result, Rejected) else drafting.finish(result)
    return (result.stage, result.reason) if isinstance(result, Rejected) else row_of(result)


def row_of(result: Draft | Rejected) -> SyntheticRow:
    assert isinstance(result, Draft), result
    assert result.row is not None
    return result.row
