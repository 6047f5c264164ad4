"""The answer to `/v1/embeddings`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from fastapi.responses import Response

from embedrank.serving.dialects.openai.schema import EmbeddingsRequest
from embedrank.serving.encodings import ENCODINGS
from embedrank.serving.replying import reply_with_rows
from embedrank.serving.results import Embedded
from embedrank.serving.service import Service


async def answer(body: EmbeddingsRequest, service: Service) -> Response:
    """Embed what a client sent.

    Args:
        body: The request.
        service: What embeds.

    Returns:
        OpenAI's list of embeddings; each row says beside that whether its text was cut.

    Raises:
        EmbedrankError: If the request is refused or fails.
    """
    embedded = await service.embed(
        await _texts(body, service),
        side=_side(body),
        model=body.model,
        instruction=body.instruction,
        dim=body.dimensions,
        truncate=body.truncate,
    )
    tokens = sum(embedded.num_tokens)
    head = {
        "object": "list",
        "model": embedded.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    return await reply_with_rows(head, "data", _rows(embedded, body.encoding_format), size=embedded.vectors.size)


def _side(body: EmbeddingsRequest) -> Literal["query", "document"]:
    return body.input_type or ("query" if body.instruction else "document")


async def _texts(body: EmbeddingsRequest, service: Service) -> list[str]:
    given: Any = [body.input] if isinstance(body.input, str) or isinstance(body.input[0], int) else body.input
    if isinstance(given[0], str):
        return list(given)
    return await service.texts_of(given, model=body.model, vocabulary=body.token_vocabulary)


def _rows(embedded: Embedded, encoding: str) -> Iterator[dict[str, Any]]:
    spell = ENCODINGS[encoding]
    for index, truncated in enumerate(embedded.truncated):
        (vector,) = spell(embedded.vectors[index : index + 1])
        yield {"object": "embedding", "index": index, "embedding": vector, "truncated": truncated}
