"""What is asked of a text generator, and what comes back: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat.

    Attributes:
        role: `system`, `user` or `assistant`.
        content: Its text.
    """

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One completion that is wanted.

    Attributes:
        key: Name of the request, unique in a run and the same in a run begun again.
        messages: The chat to be continued.
        schema: JSON schema that the answer must follow, or None for free text.
        max_tokens: Most tokens of the answer.
        temperature: Of sampling; 0 takes the likeliest token.
        seed: Of sampling, or None.
        facts: What the messages were made of, by name. Generators that read no prose work from these; the others pass
            over them.
    """

    key: str
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 512
    temperature: float = 0.7
    seed: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One answer.

    Attributes:
        text: What was written.
        prompt_tokens: Tokens read, 0 where unknown.
        completion_tokens: Tokens written, 0 where unknown.
        cost: Money it took, in the currency of the prices set; 0 where there are none.
        is_cached: Whether it was answered before and cost nothing now.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    is_cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no answer.

    Attributes:
        reason: Short and the same for all of its kind, to be counted by: `timeout`, `server error`, `budget`.
        detail: What exactly happened this time.
        is_final: Whether asking again is pointless; `budget` and lost connections are not final.
    """

    reason: str
    detail: str = ""
    is_final: bool = True


Outcome: TypeAlias = Completion | Failure
