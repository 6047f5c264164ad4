"""Cohere's routes and its way of spelling trouble. `/v1/rerank`, which is Jina's too, is in `dialects/rerank`.

Source: https://docs.cohere.com/reference/embed, https://docs.cohere.com/reference/rerank,
https://docs.cohere.com/reference/errors
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from embedrank.serving.dialects.cohere.embed import embed
from embedrank.serving.dialects.cohere.schemas import EmbedAnswer, EmbedBody, EmbedBodyV2, ErrorAnswer
from embedrank.serving.dialects.dialect import Dialect, service_of, trouble
from embedrank.serving.dialects.rerank.answer import rerank
from embedrank.serving.dialects.rerank.schemas import RerankAnswer, RerankBody
from embedrank.serving.errors import Problem
from embedrank.serving.service import Service

_router = APIRouter(tags=["cohere"], responses=trouble(ErrorAnswer))


def spell_problem(problem: Problem) -> tuple[int, Any]:
    """Cohere's error body; a request that cannot be read is a 400 there."""
    status = 400 if problem.status == 422 else problem.status
    return status, {"id": str(uuid.uuid4()), "message": problem.message}


@_router.post("/v1/embed", response_model=EmbedAnswer, summary="Embed texts")
async def embed_v1(body: EmbedBody, service: Annotated[Service, Depends(service_of)]) -> Response:
    """Vectors of texts: a plain list, or lists by type where types are named."""
    return await embed(body, service, version="1")


@_router.post("/v2/embed", response_model=EmbedAnswer, summary="Embed texts")
async def embed_v2(body: EmbedBodyV2, service: Annotated[Service, Depends(service_of)]) -> Response:
    """Vectors of texts, by type."""
    return await embed(body, service, version="2")


@_router.post("/v2/rerank", response_model=RerankAnswer, summary="Rank documents")
async def rerank_v2(body: RerankBody, service: Annotated[Service, Depends(service_of)]) -> Response:
    """The documents that answer a query best, best first; the reranker's template is always applied."""
    return await rerank(body, service, version="2", shows_documents=False)


COHERE = Dialect(name="cohere", router=_router, spell_problem=spell_problem)
