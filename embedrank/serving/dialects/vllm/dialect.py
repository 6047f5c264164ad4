"""vLLM's routes and its way of spelling trouble.

`/v1/rerank` and `/v2/rerank` are in the dialects of the APIs that they come from; `/rerank` and `/tokenize`, which TEI
has too, are in `dialects/by_body`.

Source: https://docs.vllm.ai/en/latest/serving/online_serving
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from embedrank.serving.dialects.dialect import Dialect, service_of, trouble
from embedrank.serving.dialects.vllm.schemas import DetokenizeBody, ErrorAnswer, ScoreAnswer, ScoreBody
from embedrank.serving.dialects.vllm.score import score
from embedrank.serving.errors import Problem
from embedrank.serving.service import Service

_TYPES: Final = {401: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError"}
_router = APIRouter(tags=["vllm"], responses=trouble(ErrorAnswer))


def spell_problem(problem: Problem) -> tuple[int, Any]:
    """The error body of vLLM; a request that cannot be read is a 400 there."""
    status = 400 if problem.status == 422 else problem.status
    kind = "InternalServerError" if status >= 500 else "BadRequestError"
    error = {"message": problem.message, "type": _TYPES.get(status, kind), "param": problem.param, "code": status}
    return status, {"error": error}


@_router.post("/score", response_model=ScoreAnswer, summary="Score pairs")
@_router.post("/v1/score", response_model=ScoreAnswer, summary="Score pairs")
async def score_pairs(body: ScoreBody, service: Annotated[Service, Depends(service_of)]) -> Response:
    """How likely each document answers its query; the reranker's template is always applied."""
    return await score(body, service)


@_router.post("/detokenize", summary="The text that tokens stand for")
async def detokenize(body: DetokenizeBody, service: Annotated[Service, Depends(service_of)]) -> dict[str, str]:
    """The text, without special tokens."""
    return {"prompt": await service.decode(body.tokens, model=body.model)}


@_router.get("/version", summary="Version of the server")
async def version(request: Request) -> dict[str, str]:
    """Of embedrank, not of vLLM."""
    return {"version": request.app.version}


VLLM = Dialect(name="vllm", router=_router, spell_problem=spell_problem)
