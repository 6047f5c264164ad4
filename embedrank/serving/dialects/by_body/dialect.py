"""`/rerank` and `/tokenize`, which TEI and vLLM both have, and `POST /`, where TEI takes whatever its model can do.

| path | field | dialect |
|---|---|---|
| `/rerank` | `texts` | TEI |
| | `documents` | vLLM, whose body is Cohere's and Jina's |
| `/tokenize` | `inputs` | TEI |
| | `prompt` | vLLM |
| `/` | `texts` | TEI's `/rerank` |
| | `inputs`, an object | TEI's `/similarity` |
| | `inputs`, a list of lists | TEI's `/predict` |
| | `inputs`, a text or texts | TEI's `/embed` |

A body without any of these fields is told in TEI's words what it lacks.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import Discriminator, Tag

from embedrank.serving.dialects.by_body.telling import rerank_dialect, root_call, tokenize_dialect
from embedrank.serving.dialects.dialect import Dialect, service_of, speak, trouble
from embedrank.serving.dialects.rerank.answer import rerank
from embedrank.serving.dialects.rerank.schemas import RerankAnswer, RerankBody
from embedrank.serving.dialects.tei import embed, rank, schemas, tokens
from embedrank.serving.dialects.tei.errors import spell_problem
from embedrank.serving.dialects.vllm import tokens as vllm_tokens
from embedrank.serving.dialects.vllm.dialect import VLLM
from embedrank.serving.dialects.vllm.schemas import ErrorAnswer as VllmError
from embedrank.serving.dialects.vllm.schemas import TokenizeAnswer, TokenizeBody
from embedrank.serving.service import Service

AnyRerank: TypeAlias = Annotated[
    Annotated[schemas.RerankBody, Tag("tei")] | Annotated[RerankBody, Tag("vllm")], Discriminator(rerank_dialect)
]
AnyTokenize: TypeAlias = Annotated[
    Annotated[schemas.TokenizeBody, Tag("tei")] | Annotated[TokenizeBody, Tag("vllm")], Discriminator(tokenize_dialect)
]
AnyCall: TypeAlias = Annotated[
    Annotated[schemas.EmbedBody, Tag("embed")]
    | Annotated[schemas.RerankBody, Tag("rerank")]
    | Annotated[schemas.SimilarityBody, Tag("similarity")]
    | Annotated[schemas.PredictBody, Tag("predict")],
    Discriminator(root_call),
]
_router = APIRouter(tags=["tei", "vllm"], responses=trouble(schemas.ErrorAnswer | VllmError))


async def _speak_rerank(request: Request) -> None:
    if rerank_dialect(await request.json()) == "vllm":
        speak(request, VLLM)


async def _speak_tokenize(request: Request) -> None:
    if tokenize_dialect(await request.json()) == "vllm":
        speak(request, VLLM)


@_router.post(
    "/rerank",
    dependencies=[Depends(_speak_rerank)],
    response_model=list[schemas.Rank] | RerankAnswer,
    summary="Rank texts or documents",
)
async def rerank_either(body: AnyRerank, service: Annotated[Service, Depends(service_of)]) -> Response:
    """The texts that answer a query best, best first; the reranker's template is always applied."""
    if isinstance(body, RerankBody):
        return await rerank(body, service, version="1", shows_documents=True)
    return await rank.rerank(body, service)


@_router.post("/tokenize", dependencies=[Depends(_speak_tokenize)], summary="Tokens of texts")
async def tokenize_either(
    body: AnyTokenize, service: Annotated[Service, Depends(service_of)]
) -> list[list[schemas.Token]] | TokenizeAnswer:
    """Tokens as the model reads them, with the end token unless that is not wanted."""
    if isinstance(body, TokenizeBody):
        return await vllm_tokens.tokenize(body, service)
    return await tokens.tokenize(body, service)


@_router.post(
    "/",
    response_model=list[list[float]] | list[float] | list[schemas.Rank] | schemas.Predictions,
    summary="What TEI's clients send without a path",
)
async def call_root(body: AnyCall, service: Annotated[Service, Depends(service_of)]) -> Response:
    """Embeds, ranks, compares or judges pairs, by what the body holds."""
    if isinstance(body, schemas.EmbedBody):
        return await embed.embed(body, service)
    if isinstance(body, schemas.SimilarityBody):
        return await embed.compare(body, service)
    if isinstance(body, schemas.RerankBody):
        return await rank.rerank(body, service)
    return await rank.predict(body, service)


BY_BODY = Dialect(name="by body", router=_router, spell_problem=spell_problem)
