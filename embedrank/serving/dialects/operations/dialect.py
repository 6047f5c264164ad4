"""What those who run the server ask it: is it alive, does it take requests, what has it done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from embedrank.serving.dialects.dialect import Dialect, service_of
from embedrank.serving.dialects.openai.problems import spell_problem
from embedrank.serving.errors import BUSY_RETRY_S
from embedrank.serving.results import Health
from embedrank.serving.service import Service

_router = APIRouter(tags=["operations"])


@_router.get("/health", summary="Whether it computes")
async def health(service: Annotated[Service, Depends(service_of)]) -> Response:
    """200 while requests can be computed; 503 with the reason when the worker has died or hangs."""
    return _reply(service.health())


@_router.get("/ready", summary="Whether to send requests here")
async def ready(service: Annotated[Service, Depends(service_of)]) -> Response:
    """200 while requests are welcome; 503 with the reason while models are loaded, or the server is ending."""
    return _reply(service.ready())


@_router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
async def metrics(request: Request) -> Response:
    """Text format of Prometheus."""
    content, content_type = request.app.state.metrics.exposition()
    return Response(content, media_type=content_type)


def _reply(health: Health) -> Response:
    if health.is_well:
        return JSONResponse({"status": "ok"})
    headers = {"Retry-After": f"{BUSY_RETRY_S:.0f}"}
    return JSONResponse({"status": "unavailable", "reason": health.reason}, status_code=503, headers=headers)


OPERATIONS = Dialect(
    name="operations", router=_router, spell_problem=spell_problem, open_paths=frozenset({"/health", "/ready"})
)
