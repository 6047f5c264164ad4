"""OpenAI's routes and its way of spelling trouble.

Source: https://platform.openai.com/docs/api-reference/embeddings, https://platform.openai.com/docs/guides/error-codes
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends

from embedrank.serving.dialects.dialect import Dialect, service_of
from embedrank.serving.dialects.openai.schema import EmbeddingsRequest
from embedrank.serving.errors import Problem
from embedrank.serving.service import Service

_TYPES: Final = {401: "invalid_request_error", 403: "permission_error", 404: "invalid_request_error"}
_router = APIRouter(tags=["openai"])


def spell_problem(problem: Problem) -> tuple[int, Any]:
    """OpenAI's error body; a request that cannot be read is a 400 there."""
    status = 400 if problem.status == 422 else problem.status
    kind = "rate_limit_error" if status == 429 else "server_error" if status >= 500 else "invalid_request_error"
    error = {"message": problem.message, "type": _TYPES.get(status, kind), "param": problem.param, "code": problem.kind}
    return status, {"error": error}


@_router.post("/v1/embeddings")
async def embeddings(body: EmbeddingsRequest, service: Annotated[Service, Depends(service_of)]) -> Any:
    """Vectors of texts."""
    texts = [body.input] if isinstance(body.input, str) else body.input
    embedded = await service.embed(texts, side="document", model=body.model, dim=body.dimensions)
    data = [
        {"object": "embedding", "index": index, "embedding": vector.tolist()}
        for index, vector in enumerate(embedded.vectors)
    ]
    tokens = sum(embedded.num_tokens)
    return {
        "object": "list",
        "data": data,
        "model": embedded.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


OPENAI = Dialect(name="openai", router=_router, spell_problem=spell_problem)
