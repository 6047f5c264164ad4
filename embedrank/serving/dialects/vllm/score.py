"""Pairs scored as vLLM's clients ask for it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence

from fastapi.responses import Response

from embedrank.core.errors import InvalidInputError
from embedrank.serving.dialects.vllm.schemas import ScoreBody, Texts
from embedrank.serving.pairs import score_pairs
from embedrank.serving.replying import reply_with_rows
from embedrank.serving.service import Service


async def score(body: ScoreBody, service: Service) -> Response:
    """Score pairs.

    Args:
        body: What the client sent.
        service: Scores.

    Returns:
        The answer.

    Raises:
        InvalidInputError: If queries and documents make no pairs, or the body asks for what there is none of.
        EmbedrankError: If the service refuses or fails.
    """
    if body.truncate_prompt_tokens not in (None, -1):
        raise InvalidInputError("truncate_prompt_tokens", "is not to be had", hint="-1 is the model's own limit")
    scored = await score_pairs(
        service,
        _pairs(body.queries, body.documents),
        model=body.model,
        instruction=body.instruction,
        truncate=body.truncation_side,
    )
    values = scored.logits if body.use_activation is False else scored.scores
    tokens = sum(scored.num_tokens)
    head = {
        "id": f"score-{uuid.uuid4().hex}",
        "object": "list",
        "created": int(time.time()),
        "model": scored.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    rows = (
        {"index": place, "object": "score", "score": float(value), **({"truncated": True} if cut else {})}
        for place, (value, cut) in enumerate(zip(values, scored.truncated, strict=True))
    )
    return await reply_with_rows(head, "data", rows, size=len(values))


def _pairs(queries: Texts, documents: Texts) -> Sequence[tuple[str, str]]:
    queries = [queries] if isinstance(queries, str) else queries
    documents = [documents] if isinstance(documents, str) else documents
    if len(queries) == 1:
        queries = queries * len(documents)
    if len(queries) != len(documents):
        raise InvalidInputError(
            "text_1", f"has {len(queries)} texts and text_2 {len(documents)}", hint="one, or as many as text_2"
        )
    return list(zip(queries, documents, strict=True))
