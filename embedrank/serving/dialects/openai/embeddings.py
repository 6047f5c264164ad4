"""The answer to `/v1/embeddings`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi.responses import Response

from embedrank.serving.dialects.openai.schema import EmbeddingsRequest
from embedrank.serving.encodings import rows_in
from embedrank.serving.replying import reply_with_rows
from embedrank.serving.results import Embedded
from embedrank.serving.service import Service
from embedrank.serving.tasks import Prompting, prompting_of


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
    body.refuse()
    prompting = await _prompting(body, service)
    embedded = await service.embed(
        await _texts(body, service),
        side=prompting.side,
        model=body.model,
        instruction=prompting.instruction,
        dim=body.dimensions,
        truncate=body.truncation,
    )
    tokens = sum(embedded.num_tokens)
    head = {
        "object": "list",
        "model": embedded.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    rows = _rows(embedded, body.embedding_type or body.encoding_format)
    return await reply_with_rows(head, "data", rows, size=embedded.vectors.size)


async def _prompting(body: EmbeddingsRequest, service: Service) -> Prompting:
    if body.task is not None and body.input_type is None:
        return await prompting_of(body.task, service, model=body.model, instruction=body.instruction)
    side = body.input_type or ("query" if body.instruction else "document")
    return Prompting(side=side, instruction=body.instruction)


async def _texts(body: EmbeddingsRequest, service: Service) -> list[str]:
    given: Any = [body.input] if isinstance(body.input, str) or isinstance(body.input[0], int) else body.input
    if isinstance(given[0], str):
        return list(given)
    return await service.texts_of(given, model=body.model, vocabulary=body.token_vocabulary)


def _rows(embedded: Embedded, encoding: str) -> Iterator[dict[str, Any]]:
    vectors = rows_in(encoding, embedded.vectors)
    for index, (vector, truncated) in enumerate(zip(vectors, embedded.truncated, strict=True)):
        yield {"object": "embedding", "index": index, "embedding": vector, "truncated": truncated}
