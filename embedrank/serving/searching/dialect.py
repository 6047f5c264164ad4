"""Searching as one of the things a server speaks, and how its index is opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI

from embedrank.core.errors import InvalidInputError
from embedrank.search.opening import local_folder
from embedrank.serving.dialects.dialect import Dialect
from embedrank.serving.errors import Problem
from embedrank.serving.searching import document_routes, feedback_routes, job_routes, search_routes
from embedrank.serving.searching.library import Library
from embedrank.serving.searching.room import Room
from embedrank.serving.service import Service
from embedrank.serving.standing import standing_embedder, standing_reranker


def spell_problem(problem: Problem) -> tuple[int, Any]:
    """Our own error body: what went wrong, in which field, and when to try again."""
    error = {"kind": problem.kind, "message": problem.message, "param": problem.param}
    return problem.status, {"error": error | {"retry_after_s": problem.retry_after_s}}


@asynccontextmanager
async def _open_index(app: FastAPI) -> AsyncIterator[None]:
    """Keep the index that the settings name open, with the models that search it."""
    service: Service = app.state.service
    app.state.room = None
    if service.settings.index is None:
        yield
        return
    async with AsyncExitStack() as stack:
        room = await _room(service, stack)
        stack.push_async_callback(asyncio.to_thread, room.close)
        app.state.room = room
        yield


async def _room(service: Service, stack: AsyncExitStack) -> Room:
    settings = service.settings
    if settings.index is None or not settings.embedders:
        raise InvalidInputError("index", "needs an embedder to be searched with", hint="serve one")
    embedder = await stack.enter_async_context(standing_embedder(service, None))
    reranker = await stack.enter_async_context(standing_reranker(service, None)) if settings.rerankers else None
    source = service.shelf.find("embedder", None).settings.source or embedder.name
    folder, searching = local_folder(Path(settings.index)), settings.searching

    def furnished() -> Room:
        library = Library.open(folder, embedder=embedder, reranker=reranker, model_name=source, settings=searching)
        return Room.around(library)

    return await asyncio.to_thread(furnished)


def _routes() -> APIRouter:
    router = APIRouter()
    for routes in (search_routes, document_routes, job_routes, feedback_routes):
        router.include_router(routes.router)
    return router


SEARCHING: Final = Dialect(name="searching", router=_routes(), spell_problem=spell_problem, lifespan=_open_index)
