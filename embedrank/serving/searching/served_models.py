"""The models of the server as an index wants them: called from threads that may wait.

Each call goes through the service on the event loop, so that it shares batches with all other requests, and an engine
that was made anew, or a model that was evicted meanwhile, is no concern of the index.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from embedrank.core.errors import OverloadedError
from embedrank.core.types import FloatArray
from embedrank.serving.service import Service

_TEXTS_AT_ONCE: Final = 32  # so that a query finds its place between the batches of a long job
_PATIENCE_S: Final = 600.0  # of a job, while the server is full


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Runs coroutines of the service from other threads.

    Attributes:
        service: The service.
        loop: Its event loop.
    """

    service: Service
    loop: asyncio.AbstractEventLoop

    def result(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """What a coroutine returns, waited for."""

        async def run() -> Any:
            return await work()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result()


class ServedEncoder:
    """An `Encoder` over the first embedder of a server."""

    def __init__(self, waiting: Waiting, model: Any, *, name: str) -> None:
        """Take over what an index has to know of a model.

        Args:
            waiting: The way to the service.
            model: The model, as it is loaded now.
            name: What `embedrank` can load it by.
        """
        self._waiting = waiting
        self.name = name
        self.fingerprint: str = model.fingerprint
        self.dim: int = model.dim
        self.default_instruction: str | None = model.default_instruction
        self.recommended_fusion: str | None = model.recommended_fusion
        self.recommended_dense_weight: float = model.recommended_dense_weight

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """Float32 `[n, dim]` with unit rows; a full server refuses."""
        service = self._waiting.service
        embedded = self._waiting.result(
            lambda: service.embed(texts, side="query", model=None, instruction=instruction, dim=dim)
        )
        vectors: FloatArray = embedded.vectors
        return vectors

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """Float32 `[n, dim]` with unit rows; waits while the server is full."""
        parts = [
            self._patiently(texts[start : start + _TEXTS_AT_ONCE], dim)
            for start in range(0, len(texts), _TEXTS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, dim or self.dim), dtype=np.float32)

    def _patiently(self, texts: Sequence[str], dim: int | None) -> FloatArray:
        service, end = self._waiting.service, time.monotonic() + _PATIENCE_S
        while True:
            try:
                embedded = self._waiting.result(lambda: service.embed(texts, side="document", model=None, dim=dim))
            except OverloadedError as error:
                if time.monotonic() > end:
                    raise
                time.sleep(error.retry_after_s)
            else:
                vectors: FloatArray = embedded.vectors
                return vectors


class ServedReranker:
    """A `Reranker` over the first reranker of a server."""

    def __init__(self, waiting: Waiting, model: Any) -> None:
        """Take over what a search has to know of a model.

        Args:
            waiting: The way to the service.
            model: The model, as it is loaded now.
        """
        self._waiting = waiting
        self.name: str = model.name
        self.recommended_weight: float = model.recommended_weight
        self.recommended_blend: str = model.recommended_blend

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]` in 0..1."""
        scores: FloatArray = self._judged(query, documents, instruction).scores
        return scores

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]`: yes minus no."""
        logits: FloatArray = self._judged(query, documents, instruction).logits
        return logits

    def _judged(self, query: str, documents: Sequence[str], instruction: str | None) -> Any:
        service = self._waiting.service
        return self._waiting.result(lambda: service.score(query, documents, model=None, instruction=instruction))
