"""`/v1/rerank`: the path on which the clients of Cohere (v1), Jina and vLLM meet.

Their bodies differ in a few fields and one schema takes them all. What they read differs in `document`, which Jina and
vLLM give back unless told not to, and Cohere does not unless told to; so it is given back, but for bodies with a field
that only Cohere has.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from embedrank.serving.dialects.dialect import Dialect, service_of, trouble
from embedrank.serving.dialects.rerank.answer import rerank
from embedrank.serving.dialects.rerank.schemas import RerankAnswer, RerankBody, RerankError
from embedrank.serving.errors import Problem
from embedrank.serving.service import Service

_COHERE_FIELDS: Final = frozenset({"rank_fields", "max_chunks_per_doc", "max_tokens_per_doc"})
_router = APIRouter(tags=["cohere", "jina", "vllm"], responses=trouble(RerankError))


def spell_problem(problem: Problem) -> tuple[int, Any]:
    """The message once where Cohere's clients look for it, and once where Jina's do."""
    return problem.status, {"message": problem.message, "detail": problem.message}


@_router.post("/v1/rerank", response_model=RerankAnswer, summary="Rank documents")
async def rerank_v1(body: RerankBody, service: Annotated[Service, Depends(service_of)]) -> Response:
    """The documents that answer a query best, best first; the reranker's template is always applied."""
    shows = not _COHERE_FIELDS & body.model_fields_set
    return await rerank(body, service, version="1", shows_documents=shows)


RERANK = Dialect(name="rerank", router=_router, spell_problem=spell_problem)
