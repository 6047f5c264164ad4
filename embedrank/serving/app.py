"""The app: settings in, FastAPI out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from embedrank.core.errors import EmbedrankError
from embedrank.core.protocols import EmbeddingCache
from embedrank.engine.caches import open_cache
from embedrank.serving.access.gate import Gate
from embedrank.serving.dialects.all import DIALECTS
from embedrank.serving.dialects.dialect import Dialect
from embedrank.serving.limits.answering import Answering
from embedrank.serving.limits.body import BodyLimits
from embedrank.serving.limits.draining import Draining
from embedrank.serving.models.loading import CheckpointLoader, Loader
from embedrank.serving.models.shelf import Shelf
from embedrank.serving.observing.inside import Inside
from embedrank.serving.observing.metrics import Metrics
from embedrank.serving.observing.requests import Requests
from embedrank.serving.observing.tracing import Tracing, tracing_to
from embedrank.serving.problems import Speller, answer_problems
from embedrank.serving.service import Service
from embedrank.serving.settings import ServeSettings
from embedrank.serving.worker import Worker


def create_app(
    settings: ServeSettings,
    *,
    loader: Loader | None = None,
    cache: EmbeddingCache | None = None,
    dialects: Mapping[str, Dialect] = DIALECTS,
    version: str = "unreleased",
    tracing: Tracing | None = None,
) -> FastAPI:
    """Make a server's app; nothing is loaded and no thread runs before it is started.

    Args:
        settings: How it is set up.
        loader: How models come into memory; None for checkpoints.
        cache: Where vectors are kept; None opens `settings.cache`, and closes it in the end.
        dialects: What it speaks.
        version: What it says of itself.
        tracing: Gets spans, and is closed in the end; None for what `settings.trace` says.

    Returns:
        The app; `app.state.service` is there once it is started.
    """
    spoken = list(dialects.values())
    app = FastAPI(
        title="embedrank",
        version=version,
        lifespan=_lifespan(settings, loader or CheckpointLoader(), cache, spoken),
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.tracing = tracing or tracing_to(settings.trace)
    for dialect in spoken:
        app.include_router(dialect.router)
    speller = Speller(spoken)
    answer_problems(app, speller)
    _stand_before(app, settings, spoken, speller)
    return app


def _stand_before(app: FastAPI, settings: ServeSettings, dialects: list[Dialect], speller: Speller) -> None:
    """Put the middleware in place; the last that is added is the first that a request meets."""
    app.add_middleware(Answering, timeout_s=settings.limits.timeout_s, speller=speller)
    app.add_middleware(BodyLimits, limits=settings.limits, speller=speller)
    open_paths = {path for dialect in dialects for path in dialect.open_paths}
    app.add_middleware(Gate, settings=settings.access, open_paths=open_paths, speller=speller)
    app.add_middleware(Draining, speller=speller)
    if settings.access.cors_origins:
        origins = list(settings.access.cors_origins)
        app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(Requests, metrics=app.state.metrics, tracing=app.state.tracing)


def _lifespan(
    settings: ServeSettings, loader: Loader, cache: EmbeddingCache | None, dialects: list[Dialect]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            opened = open_cache(settings.cache) if cache is None else cache
        except EmbedrankError as error:
            app.state.trouble = error  # for whoever started it
            raise
        worker = Worker(settings.engine, opened)
        service = app.state.service = Service(settings, _shelf(settings, loader), worker)
        inside = Inside(service)
        app.state.metrics.registry.register(inside)
        watching = asyncio.create_task(worker.watch())
        try:
            async with AsyncExitStack() as stack:
                await service.shelf.preload()
                for dialect in dialects:
                    if dialect.lifespan is not None:
                        await stack.enter_async_context(dialect.lifespan(app))
                service.is_ready = True
                yield
                service.is_draining = True
        except Exception as error:
            app.state.trouble = error
            raise
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await asyncio.to_thread(worker.close, settings.drain_timeout_s)
            app.state.metrics.registry.unregister(inside)
            if app.state.tracing is not None:
                await asyncio.to_thread(app.state.tracing.close)
            if cache is None:
                opened.close()

    return lifespan


def _shelf(settings: ServeSettings, loader: Loader) -> Shelf:
    return Shelf(
        {"embedder": settings.embedders, "reranker": settings.rerankers},
        loader,
        memory_bytes=settings.memory_bytes,
        any_model=settings.any_model,
    )
