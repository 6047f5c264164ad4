"""The index that a server searches: many threads read it, one writes it, none of them is the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from embedrank.core.errors import OverloadedError
from embedrank.core.protocols import Encoder, Reranker
from embedrank.core.types import Hit
from embedrank.search.advice import with_fusion
from embedrank.search.config import SearchConfig
from embedrank.search.index import SearchIndex
from embedrank.search.ranking import Ranking
from embedrank.search.rerank import blend_choice
from embedrank.serving.observing.facts import note_stage
from embedrank.serving.searching.patient import PatientEncoder
from embedrank.serving.searching.settings import SearchingSettings

_RETRY_AFTER_S: Final = 1.0

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer to one query.

    Attributes:
        hits: Best first.
        ranking: All stages.
        config: What was searched with, choices of models filled in.
        seconds: Stage to wall time, `explain` (hits made of ranks) last.
        total_s: Wall time of the whole search in its thread.
    """

    hits: list[Hit]
    ranking: Ranking
    config: SearchConfig
    seconds: Mapping[str, float]
    total_s: float


class Library:
    """An open index and the threads that use it.

    Attributes:
        folder: Folder of the index.
        settings: Bounds.
        reader: For reading, by any thread. It has a handle of its own: it flushes nothing that a writer has begun.
        writer: For writing, by one thread at a time.
    """

    def __init__(self, folder: Path, reader: SearchIndex, writer: SearchIndex, settings: SearchingSettings) -> None:
        """Take over two handles of one index.

        Args:
            folder: Folder of the index.
            reader: For reading.
            writer: For writing.
            settings: Bounds.
        """
        self.folder, self.reader, self.writer, self.settings = folder, reader, writer, settings
        self._threads = ThreadPoolExecutor(settings.num_threads, thread_name_prefix="embedrank-search")
        self._in_flight = 0

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        embedder: Encoder,
        reranker: Reranker | None,
        model_name: str,
        settings: SearchingSettings | None = None,
    ) -> Library:
        """Open an index, or make an empty one.

        Args:
            folder: Its folder.
            embedder: The model it was built with; called from several threads.
            reranker: Second stage, or None.
            model_name: What `embedrank` can load the embedder by.
            settings: Bounds.

        Returns:
            The library.

        Raises:
            EmbedrankError: As `SearchIndex.open`.
        """
        writer = SearchIndex.open(folder, embedder=PatientEncoder(embedder, name=model_name))
        reader = SearchIndex.open(folder, embedder=embedder, reranker=reranker, create=False)
        return cls(folder, reader, writer, settings or SearchingSettings())

    async def read(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that reads in a thread; a caller who goes away before it has begun frees its place.

        Args:
            call: What to run.
            *args: Its arguments.
            **kwargs: Likewise.

        Returns:
            What it returns.

        Raises:
            OverloadedError: If too many wait for a thread.
        """
        limit = self.settings.num_threads + self.settings.max_waiting
        if self._in_flight >= limit:
            raise OverloadedError("searches", in_flight=self._in_flight, limit=limit, retry_after_s=_RETRY_AFTER_S)
        self._in_flight += 1
        context = copy_context()  # so that what models do is noted of the request
        future = self._threads.submit(partial(context.run, call, *args, **kwargs))
        loop = asyncio.get_running_loop()
        future.add_done_callback(partial(_on_loop, loop, self._done))
        return await asyncio.wrap_future(future)

    def search(self, query: str, config: SearchConfig, where: Mapping[str, object] | None) -> Found:
        """Answer a query; blocks.

        Args:
            query: The query text.
            config: Choices of this search.
            where: Filter.

        Returns:
            Hits and how they came about.

        Raises:
            InvalidInputError: If the query is blank, or `config` asks for what the index does not have.
        """
        began = time.perf_counter()
        resolved = self._resolved(config)
        ranking = self.reader.rank(query, resolved, where=where)
        ranked = time.perf_counter()
        hits = self.reader.hits(ranking, top=config.top)
        ended = time.perf_counter()
        seconds = {**ranking.seconds, "explain": ended - ranked}
        for stage, spent in seconds.items():
            note_stage(f"search_{stage}", spent)
        return Found(hits=hits, ranking=ranking, config=resolved, seconds=seconds, total_s=ended - began)

    def close(self) -> None:
        """Let no further search begin, and wait for those that run."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _resolved(self, config: SearchConfig) -> SearchConfig:
        """The choices with what the models recommend in the place of what is left open."""
        pipeline = self.reader.pipeline
        config = with_fusion(self.reader.fitted(config), pipeline.encoder)
        if pipeline.reranker is None:
            return replace(config, rerank=False)
        weight, blend = blend_choice(config, pipeline.reranker)
        return replace(config, rerank_weight=weight, blend=blend)

    def _done(self) -> None:
        self._in_flight -= 1


def _on_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], None], _: Future[object]) -> None:
    """Count on the event loop, where it is also counted up; a loop that is closed counts no more."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)
