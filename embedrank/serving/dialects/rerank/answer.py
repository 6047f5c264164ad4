"""From a body of documents to an answer that the clients of Cohere, Jina and vLLM read."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from fastapi.responses import Response

from embedrank.core.errors import InvalidInputError
from embedrank.serving.capping import cap
from embedrank.serving.dialects.rerank.schemas import Document, RerankBody
from embedrank.serving.replying import reply_with_rows, size_of
from embedrank.serving.results import Scored
from embedrank.serving.service import Service

_DOCUMENTS_PER_UNIT = 100  # of a search unit, as Cohere counts them


async def rerank(body: RerankBody, service: Service, *, version: str, shows_documents: bool) -> Response:
    """Rank documents.

    Args:
        body: What the client sent.
        service: Scores.
        version: Version of Cohere's API that the path belongs to.
        shows_documents: Whether documents come back where the client does not say.

    Returns:
        The answer.

    Raises:
        InvalidInputError: If the body asks for what there is none of.
        EmbedrankError: If the service refuses or fails.
    """
    _refuse(body)
    texts = [_text(document, place, body.rank_fields) for place, document in enumerate(body.documents)]
    texts, cut = await cap(service, texts, max_tokens=body.max_tokens_per_doc, kind="reranker", model=body.model)
    scored = await service.score(
        body.query, texts, model=body.model, instruction=body.instruction, truncate=body.truncate
    )
    truncated = [early or late for early, late in zip(cut, scored.truncated, strict=True)]
    shows = shows_documents if body.return_documents is None else body.return_documents
    tokens = sum(scored.num_tokens)
    head = {
        "id": str(uuid.uuid4()),
        "object": "list",
        "model": scored.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "meta": {
            "api_version": {"version": version},
            "billed_units": {"search_units": -(-len(texts) // _DOCUMENTS_PER_UNIT)},
            "tokens": {"input_tokens": tokens},
            **_warnings(body, truncated),
        },
    }
    size = len(texts) + (size_of(texts) if shows else 0)
    return await reply_with_rows(head, "results", _results(body, scored, truncated, shows=shows), size=size)


def _refuse(body: RerankBody) -> None:
    if body.truncate_prompt_tokens not in (None, -1):
        raise InvalidInputError(
            "truncate_prompt_tokens",
            "is not to be had",
            hint="max_tokens_per_doc cuts documents and keeps the template",
        )
    if body.relevant_spans is not None and body.relevant_spans.get("mode") != "disabled":
        raise InvalidInputError("relevant_spans", "are not to be had", hint="leave them out")


def _text(document: Document, place: int, fields: Sequence[str] | None) -> str:
    if isinstance(document, str):
        return document
    if fields is None:
        if "text" not in document:
            raise InvalidInputError(f"documents[{place}]", "has no text", hint="rank_fields names other fields")
        return document["text"]
    found = [document[field] for field in fields if field in document]
    if not found:
        raise InvalidInputError(f"documents[{place}]", "has none of the fields of rank_fields")
    return "\n".join(found)


def _results(body: RerankBody, scored: Scored, truncated: Sequence[bool], *, shows: bool) -> Iterator[dict[str, Any]]:
    best_first = np.argsort(-scored.logits, kind="stable")  # probabilities near 0 and 1 tie where logits do not
    values = scored.logits if body.use_activation is False else scored.scores
    for place in best_first[: body.top_n or None].tolist():
        result: dict[str, Any] = {"index": place, "relevance_score": float(values[place])}
        if shows:
            result["document"] = _shown(body.documents[place])
        if truncated[place]:
            result["truncated"] = True
        yield result


def _shown(document: Document) -> dict[str, str]:
    return {"text": document} if isinstance(document, str) else document


def _warnings(body: RerankBody, truncated: Sequence[bool]) -> dict[str, list[str]]:
    warnings = []
    if any(truncated):
        warnings.append(f"{sum(truncated)} of {len(truncated)} documents were cut")
    if body.max_chunks_per_doc is not None:
        warnings.append("max_chunks_per_doc has no effect: documents are read in one piece")
    return {"warnings": warnings} if warnings else {}
