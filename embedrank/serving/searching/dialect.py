"""Searching as one of the things a server speaks, and how its index is opened."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from embedrank.search.opening import local_folder
from embedrank.serving.dialects.dialect import Dialect
from embedrank.serving.errors import Problem
from embedrank.serving.searching import document_routes, feedback_routes, job_routes, search_routes
from embedrank.serving.searching.door import Door
from embedrank.serving.searching.library import Library
from embedrank.serving.searching.served_models import ServedEncoder, ServedReranker, Waiting
from embedrank.serving.service import Service

_router = APIRouter()
for _routes in (search_routes, document_routes, job_routes, feedback_routes):
    _router.include_router(_routes.router)


def spell_problem(problem: Problem) -> tuple[int, Any]:
    """Our own error body: what went wrong, in which field, and when to try again."""
    error = {"kind": problem.kind, "message": problem.message, "param": problem.param}
    return problem.status, {"error": error | {"retry_after_s": problem.retry_after_s}}


SEARCHING = Dialect(name="searching", router=_router, spell_problem=spell_problem)


def door_of(service: Service) -> Door:
    """The door to the index that the settings of a service name.

    Args:
        service: The service, whose first embedder and first reranker search.

    Returns:
        A door that is shut; one that stays shut where no index is named.
    """
    name = service.settings.index
    if name is None or not service.settings.embedders:
        return Door(None)

    async def opened() -> Library:
        waiting = Waiting(service=service, loop=asyncio.get_running_loop())
        async with service.shelf.lease("embedder", None) as loaded:
            entry = service.shelf.find("embedder", None)
            source = entry.settings.source or entry.name
            embedder = ServedEncoder(waiting, loaded.model, name=source)
        reranker = None
        if service.settings.rerankers:
            async with service.shelf.lease("reranker", None) as judging:
                reranker = ServedReranker(waiting, judging.model)
        folder = local_folder(Path(name))
        return await asyncio.to_thread(Library.open, folder, embedder=embedder, reranker=reranker)

    return Door(opened)
