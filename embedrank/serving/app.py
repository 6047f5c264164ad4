"""The app: settings in, FastAPI out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from embedrank.core.protocols import EmbeddingCache
from embedrank.engine.caches import open_cache
from embedrank.serving.dialects.all import DIALECTS
from embedrank.serving.dialects.dialect import Dialect
from embedrank.serving.models.loading import CheckpointLoader, Loader
from embedrank.serving.models.shelf import Shelf
from embedrank.serving.observing.metrics import Metrics
from embedrank.serving.problems import Speller, answer_problems
from embedrank.serving.searching.dialect import door_of
from embedrank.serving.service import Service
from embedrank.serving.settings import ServeSettings
from embedrank.serving.worker import Worker


def create_app(
    settings: ServeSettings,
    *,
    loader: Loader | None = None,
    cache: EmbeddingCache | None = None,
    dialects: Mapping[str, Dialect] = DIALECTS,
) -> FastAPI:
    """Make a server's app; nothing is loaded and no thread runs before it is started.

    Args:
        settings: How it is set up.
        loader: How models come into memory; None for checkpoints.
        cache: Where vectors are kept; None opens `settings.cache`, and closes it in the end.
        dialects: What it speaks.

    Returns:
        The app; `app.state.service` is there once it is started.
    """
    import embedrank

    app = FastAPI(
        title="embedrank",
        version=embedrank.__version__,
        lifespan=_lifespan(settings, loader or CheckpointLoader(), cache),
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    for dialect in dialects.values():
        app.include_router(dialect.router)
    answer_problems(app, Speller(dialects.values()))
    return app


def _lifespan(settings: ServeSettings, loader: Loader, cache: EmbeddingCache | None):  # type: ignore[no-untyped-def]
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = open_cache(settings.cache) if cache is None else cache
        worker = Worker(settings.engine, opened)
        shelf = Shelf(
            {"embedder": settings.embedders, "reranker": settings.rerankers},
            loader,
            memory_bytes=settings.memory_bytes,
            any_model=settings.any_model,
        )
        service = app.state.service = Service(settings, shelf, worker)
        door = app.state.door = door_of(service)
        watching = asyncio.create_task(worker.watch())
        try:
            await shelf.preload()
            if settings.index is not None:
                await door.room()
            service.is_ready = True
            yield
        finally:
            service.is_draining = True
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await door.close()
            await asyncio.to_thread(worker.close, settings.drain_timeout_s)
            if cache is None:
                opened.close()

    return lifespan
