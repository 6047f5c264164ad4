"""OpenAI's routes.

Source: https://platform.openai.com/docs/api-reference/embeddings, https://platform.openai.com/docs/api-reference/models
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from embedrank.serving.dialects.dialect import Dialect, service_of
from embedrank.serving.dialects.openai import embeddings
from embedrank.serving.dialects.openai.models import found, listed
from embedrank.serving.dialects.openai.problems import spell_problem
from embedrank.serving.dialects.openai.schema import EmbeddingsRequest
from embedrank.serving.service import Service

_router = APIRouter(tags=["openai"])


@_router.post("/v1/embeddings", summary="Vectors of texts", response_class=Response)
async def embed(body: EmbeddingsRequest, service: Annotated[Service, Depends(service_of)]) -> Response:
    """OpenAI's embeddings; `input_type`, `instruction`, `truncate` and `token_vocabulary` are additions."""
    return await embeddings.answer(body, service)


@_router.get("/v1/models", summary="What is served")
async def models(service: Annotated[Service, Depends(service_of)]) -> dict[str, Any]:
    """All models, loaded or not."""
    return {"object": "list", "data": listed(service.models())}


@_router.get("/v1/models/{model:path}", summary="One model")
async def model(model: str, service: Annotated[Service, Depends(service_of)]) -> dict[str, Any]:
    """One model by name or alias."""
    return found(service.models(), model)


OPENAI = Dialect(name="openai", router=_router, spell_problem=spell_problem)
