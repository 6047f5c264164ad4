"""Answers requests from their facts alone: no model, no network, the same answer every time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from embedrank.core.generation import Completion, Failure, GenerationRequest, Outcome
from embedrank.synthesis.generators.extractive.code_queries import write_code_query
from embedrank.synthesis.generators.extractive.labelled import write_labelled
from embedrank.synthesis.generators.extractive.material import CannotError, Material
from embedrank.synthesis.generators.extractive.pairs import write_second
from embedrank.synthesis.generators.extractive.queries import write_query

_WRITERS: Final[Mapping[str, Callable[[Material], dict[str, Any]]]] = {
    "generate": write_query,
    "code": write_code_query,
    "sts": write_second,
    "classification": write_labelled,
}
"""By step."""


class ExtractiveGenerator:
    """A `TextGenerator` that finds its answers in the passage and says where it cannot."""

    name = "extractive"
    reads_prose = False

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Outcome]:
        """One outcome for each request, in their order.

        Args:
            requests: With the facts that steps tell; their messages are not read.

        Returns:
            Answers in JSON, and failures with the reason.
        """
        return [_outcome(request) for request in requests]

    def close(self) -> None:
        """Nothing is held."""


def _outcome(request: GenerationRequest) -> Outcome:
    step = str(request.facts.get("step"))
    if step not in _WRITERS:
        return Failure(reason="needs a language model", detail=f"step {step}")
    try:
        answer = _WRITERS[step](Material.of(request.key, request.facts))
    except CannotError as error:
        return Failure(reason=error.reason, detail=error.detail)
    return Completion(text=json.dumps(answer, ensure_ascii=False))
