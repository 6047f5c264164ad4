"""What counts as an answer: the same for every generator that a language model stands behind."""

from __future__ import annotations

from typing import Final

from embedrank.core.generation import Completion, Failure, Outcome
from embedrank.synthesis.generators.usage import Usage

_DETAIL_CHARS: Final = 300


def outcome_of(text: str | None, finish: str | None, took: Usage, *, refusal: str | None = None) -> Outcome:
    """Read how a model ended. What is no answer is kept like one: it was paid for, and would be the same again.

    Args:
        text: What it wrote.
        finish: Why it ended: `stop`, `length`, `content_filter`.
        took: Tokens and cost.
        refusal: Its words where it refused in a field of its own.

    Returns:
        A completion, or a final failure.
    """
    if refusal:
        return Failure(reason="refused by the model", detail=refusal[:_DETAIL_CHARS])
    if finish == "content_filter":
        return Failure(reason="content filter")
    if finish == "length":
        return Failure(reason="answer cut off", detail=f"after {took.completion_tokens} tokens")
    if not text:
        return Failure(reason="empty answer")
    return Completion(
        text=text, prompt_tokens=took.prompt_tokens, completion_tokens=took.completion_tokens, cost=took.cost
    )
