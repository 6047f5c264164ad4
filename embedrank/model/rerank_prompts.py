"""Reranker prompts as token ids, and the part of them that all documents of a call share.

Prefix, middle and suffix are tokenised apart and joined, as the official code does. What is shared is found on the ids,
not on the text, so sharing never changes a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embedrank.core.errors import InvalidInputError
from embedrank.core.prompts import RerankTemplate
from embedrank.core.types import Truncation
from embedrank.model.packing import shared_front
from embedrank.model.tokenizer import TextTokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankPrompts:
    """Prompts of one call: `shared` comes before every one of `tails`."""

    shared: list[int]
    tails: list[list[int]]
    truncations: list[Truncation]


def rerank_prompts(
    query: str,
    documents: Sequence[str],
    *,
    instruction: str | None,
    template: RerankTemplate,
    tokenizer: TextTokenizer,
    max_length: int,
    plain: bool,
    share: bool = True,
) -> RerankPrompts:
    """Spell and tokenise the prompts of one query.

    Args:
        query: The query.
        documents: At least one document.
        instruction: The task; None takes the template's.
        template: The prompt.
        tokenizer: The model's tokenizer.
        max_length: Most tokens of a prompt; only a document's tail is cut.
        plain: Whether special tokens spelled in query and documents are read as plain text.
        share: Whether the front that all prompts share is set apart.

    Returns:
        Token ids, the shared front apart.

    Raises:
        InvalidInputError: If query and instruction alone leave no room for a document.
    """
    prefix, suffix = tokenizer.encode([template.prefix, template.suffix])
    room = max_length - len(prefix) - len(suffix)
    ((_, question),) = tokenizer.encode_front(
        [template.question(query, instruction)], num_tokens=max(room, 0), plain=plain
    )
    if question >= room:
        raise InvalidInputError(
            "query", f"with its instruction it takes {question} tokens; {max(room, 0)} fit", hint="shorten it"
        )
    texts = [template.middle(query, text, instruction) for text in documents]
    middles = tokenizer.encode_front(texts, num_tokens=room, plain=plain)
    truncations = [
        Truncation(
            index=index,
            num_tokens=len(prefix) + num_uncut + len(suffix),
            kept_tokens=len(prefix) + room + len(suffix),
        )
        for index, (middle, num_uncut) in enumerate(middles)
        if len(middle) > room
    ]
    prompts = [[*prefix, *middle[:room], *suffix] for middle, _ in middles]
    num_shared = shared_front(prompts) if share else 0
    return RerankPrompts(
        shared=prompts[0][:num_shared], tails=[prompt[num_shared:] for prompt in prompts], truncations=truncations
    )
