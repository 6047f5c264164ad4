"""Texts embedded and compared as TEI's clients ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from fastapi.responses import JSONResponse, Response

from embedrank.core.errors import InvalidInputError
from embedrank.serving.dialects.tei.schemas import EmbedBody, Prompted, SimilarityBody
from embedrank.serving.dialects.tei.truncated import telling
from embedrank.serving.encodings import rows_in
from embedrank.serving.replying import list_of, reply_with
from embedrank.serving.service import Service

_SIDES: Final[dict[str | None, Literal["query", "document"]]] = {
    None: "document",
    "document": "document",
    "passage": "document",
    "query": "query",
}


async def embed(body: EmbedBody, service: Service) -> Response:
    """Embed texts.

    Args:
        body: What the client sent.
        service: Embeds.

    Returns:
        A list of vectors, also for one text.

    Raises:
        InvalidInputError: If the body asks for what there is none of.
        EmbedrankError: If the service refuses or fails.
    """
    texts = [body.inputs] if isinstance(body.inputs, str) else body.inputs
    embedded = await service.embed(
        _some(texts),
        side="query" if body.instruction else _side(body),
        model=body.model,
        instruction=body.instruction,
        dim=body.dimensions,
        truncate=body.policy,
    )
    vectors = embedded.vectors
    return await reply_with(
        lambda: list_of(rows_in("float", vectors)), size=vectors.size, headers=telling(embedded.truncated)
    )


async def compare(body: SimilarityBody, service: Service) -> Response:
    """Compare one sentence with others.

    Args:
        body: What the client sent.
        service: Embeds.

    Returns:
        A list of cosines.

    Raises:
        InvalidInputError: If the body asks for what there is none of.
        EmbedrankError: If the service refuses or fails.
    """
    how = body.parameters
    texts = [body.inputs.source_sentence, *body.inputs.sentences]
    embedded = await service.embed(texts, side=_side(how), model=body.model, truncate=how.policy)
    cosines = embedded.vectors[1:] @ embedded.vectors[0]
    return JSONResponse([float(cosine) for cosine in cosines], headers=telling(embedded.truncated[1:]))


def _side(body: Prompted) -> Literal["query", "document"]:
    if body.prompt_name not in _SIDES:
        raise InvalidInputError("prompt_name", f"{body.prompt_name!r} is no prompt", hint="query or document")
    return _SIDES[body.prompt_name]


def _some(texts: Sequence[str]) -> Sequence[str]:
    if not texts:
        raise InvalidInputError("inputs", "cannot be empty")
    return texts
