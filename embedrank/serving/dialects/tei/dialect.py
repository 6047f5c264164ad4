"""TEI's routes. `/rerank` and `/tokenize`, which vLLM has too, and `POST /` are in `dialects/by_body`.

Source: https://huggingface.github.io/text-embeddings-inference/
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from embedrank.serving.dialects.dialect import Dialect, service_of, trouble
from embedrank.serving.dialects.tei.embed import compare, embed
from embedrank.serving.dialects.tei.errors import spell_problem
from embedrank.serving.dialects.tei.info import info
from embedrank.serving.dialects.tei.rank import predict
from embedrank.serving.dialects.tei.schemas import (
    DecodeBody,
    EmbedBody,
    ErrorAnswer,
    PredictBody,
    Predictions,
    SimilarityBody,
)
from embedrank.serving.dialects.tei.tokens import decode
from embedrank.serving.service import Service

_router = APIRouter(tags=["tei"], responses=trouble(ErrorAnswer))


@_router.post("/embed", response_model=list[list[float]], summary="Embed texts")
async def embed_texts(body: EmbedBody, service: Annotated[Service, Depends(service_of)]) -> Response:
    """A vector of unit length for each text; `X-Truncated` names those that were cut."""
    return await embed(body, service)


@_router.post("/embed_all", summary="Vectors of tokens: refused")
async def embed_tokens() -> Any:
    """The vector of a text is that of its last token, so those of the others mean nothing."""
    raise HTTPException(424, "vectors of single tokens are not to be had (POST /embed gives one for each text)")


@_router.post("/embed_sparse", summary="Sparse vectors: refused")
async def embed_sparse() -> Any:
    """The models give dense vectors only."""
    raise HTTPException(424, "sparse vectors are not to be had (POST /embed gives dense ones)")


@_router.post("/similarity", response_model=list[float], summary="Compare a sentence with others")
async def similarity(body: SimilarityBody, service: Annotated[Service, Depends(service_of)]) -> Response:
    """Cosines, in order."""
    return await compare(body, service)


@_router.post("/predict", response_model=Predictions, summary="Judge pairs")
async def predict_pairs(body: PredictBody, service: Annotated[Service, Depends(service_of)]) -> Response:
    """How likely each document answers its query; the reranker's template is always applied."""
    return await predict(body, service)


@_router.post("/decode", summary="The texts that token ids stand for")
async def decode_ids(body: DecodeBody, service: Annotated[Service, Depends(service_of)]) -> list[str]:
    """Texts without special tokens."""
    return await decode(body, service)


@_router.get("/info", summary="Models and bounds")
async def server_info(request: Request, service: Annotated[Service, Depends(service_of)]) -> dict[str, Any]:
    """The first model in TEI's words, and the names of all."""
    return info(service, version=request.app.version)


TEI = Dialect(name="tei", router=_router, spell_problem=spell_problem)
