"""Texts embedded as Cohere's clients ask for it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from fastapi.responses import Response
from pydantic_core import to_json

from embedrank.core.errors import InvalidInputError
from embedrank.serving.capping import cap
from embedrank.serving.dialects.cohere.schemas import EmbedBody, EmbedBodyV2
from embedrank.serving.encodings import rows_in
from embedrank.serving.replying import list_of, object_with, reply_with
from embedrank.serving.results import Embedded
from embedrank.serving.service import Service
from embedrank.serving.settings import Truncate
from embedrank.serving.tasks import prompting_of

_TRUNCATE: Final[dict[str, Truncate]] = {"NONE": "error", "START": "left", "END": "right"}


async def embed(body: EmbedBody, service: Service, *, version: str) -> Response:
    """Embed texts.

    Args:
        body: What the client sent.
        service: Embeds.
        version: Version of Cohere's API that the path belongs to.

    Returns:
        The answer.

    Raises:
        InvalidInputError: If the body asks for what there is none of.
        EmbedrankError: If the service refuses or fails.
    """
    texts = _texts(body)
    policy = _TRUNCATE[body.truncate]
    dim, max_tokens = (body.output_dimension, body.max_tokens) if isinstance(body, EmbedBodyV2) else (None, None)
    capped, cut = await cap(
        service, texts, max_tokens=max_tokens, kind="embedder", model=body.model, keep_end=policy == "left"
    )
    if policy == "error" and any(cut):
        raise InvalidInputError(f"texts[{cut.index(True)}]", f"has more than {max_tokens} tokens")
    prompting = await prompting_of(body.input_type, service, model=body.model, instruction=body.instruction)
    embedded = await service.embed(
        capped,
        side=prompting.side,
        model=body.model,
        instruction=prompting.instruction,
        dim=dim,
        truncate=policy,
    )
    truncated = [early or late for early, late in zip(cut, embedded.truncated, strict=True)]
    return await reply_with(lambda: _spelled(body, texts, embedded, truncated, version), size=embedded.vectors.size)


def _texts(body: EmbedBody) -> Sequence[str]:
    if body.images is not None:
        raise InvalidInputError("images", "cannot be embedded", hint="the models read text")
    inputs = body.inputs if isinstance(body, EmbedBodyV2) else None
    if (body.texts is None) == (inputs is None):
        raise InvalidInputError("texts", "have to be there", hint="or inputs, but not both")
    if inputs is not None:
        return ["\n".join(part.text for part in each.content) for each in inputs]
    return body.texts or []


def _spelled(
    body: EmbedBody, texts: Sequence[str], embedded: Embedded, truncated: Sequence[bool], version: str
) -> bytes:
    is_plain = body.embedding_types is None and version == "1"
    by_type = {name: list_of(rows_in(name, embedded.vectors)) for name in body.embedding_types or ["float"]}
    fields = [to_json(name) + b":" + rows for name, rows in by_type.items()]
    embeddings = by_type["float"] if is_plain else b"{" + b",".join(fields) + b"}"
    tokens = sum(embedded.num_tokens)
    warnings = {"warnings": [f"{sum(truncated)} of {len(texts)} texts were cut"]} if any(truncated) else {}
    head = {
        "id": str(uuid.uuid4()),
        "response_type": "embeddings_floats" if is_plain else "embeddings_by_type",
        "texts": list(texts),
        "truncated": list(truncated),
        "meta": {
            "api_version": {"version": version},
            "billed_units": {"input_tokens": tokens},
            "tokens": {"input_tokens": tokens},
            **warnings,
        },
    }
    return object_with(head, "embeddings", embeddings)
