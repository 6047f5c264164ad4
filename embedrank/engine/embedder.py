"""An embedder whose callers share batches: threads, coroutines and indexes alike."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np

from embedrank.core.errors import InvalidInputError
from embedrank.core.protocols import EmbeddingCache
from embedrank.core.types import Encoded, FloatArray, Truncation
from embedrank.engine.caches.lru import LruCache
from embedrank.engine.embedding import DOCUMENT, QUERY, EmbedRequest, EmbedTask
from embedrank.engine.engine import Engine
from embedrank.model.texts import checked_texts

if TYPE_CHECKING:
    from embedrank.model.embedder import Embedder

_WINDOW_TEXTS = 1024  # of a long list that is encoded in one call: submitted at a time


class BatchedEmbedder:
    """An `Encoder` over an engine; also hands out futures, and awaitables.

    Attributes:
        name: What the model was loaded by.
        fingerprint: Hash of everything that decides the vectors.
        dim: Largest number of dimensions.
        max_length: Most tokens read of a text.
        cache: Where its vectors are kept; its owner closes it.
    """

    def __init__(self, embedder: Embedder, engine: Engine, *, cache: EmbeddingCache | None = None) -> None:
        """Let an embedder run in an engine.

        Args:
            embedder: The model.
            engine: Runs it; may run others too.
            cache: Where vectors are kept; None for one in this process.

        Raises:
            InvalidInputError: If a cache is given that others may read, and the model has no fingerprint to name it by.
        """
        if cache is not None and not embedder.fingerprint:
            raise InvalidInputError("embedder", "has no fingerprint to cache by", hint="load it from a folder")
        self.cache = LruCache() if cache is None else cache
        self.name, self.fingerprint, self.dim = embedder.name, embedder.fingerprint, embedder.dim
        self.max_length = embedder.max_length
        self._model, self._engine = embedder, engine
        self._task = EmbedTask(embedder, self.cache, engine.meter)
        engine.show_cache(self.name, self.cache)

    @property
    def default_instruction(self) -> str | None:
        """The task put before queries when none is given."""
        return self._model.default_instruction

    @property
    def recommended_fusion(self) -> str | None:
        """How search had best fuse this model's ranking with BM25's."""
        return self._model.recommended_fusion

    @property
    def recommended_dense_weight(self) -> float:
        """Weight of the dense list in that fusion."""
        return self._model.recommended_dense_weight

    def submit_queries(
        self,
        texts: Sequence[str],
        *,
        instruction: str | None = None,
        dim: int | None = None,
        timeout_s: float | None = None,
    ) -> Future[Encoded]:
        """Ask for vectors of queries without waiting.

        Args:
            texts: The queries.
            instruction: The task in one English sentence; None takes the model's own, an empty string none at all.
            dim: Numbers per vector, 32 to `self.dim`; None takes all.
            timeout_s: Time for an answer; None takes the engine's.

        Returns:
            A future of the vectors, token counts and truncations. Cancelling it drops what is not yet computed. Its
            callbacks run in the engine's threads and have to be quick.

        Raises:
            InvalidInputError: If the texts, `dim` or `timeout_s` cannot be used.
            EmbedrankError: If the engine refuses (see `Engine.submit`).
        """
        return self._submit(checked_texts(texts, "queries"), QUERY, instruction, dim, timeout_s)

    def submit_documents(
        self, texts: Sequence[str], *, dim: int | None = None, timeout_s: float | None = None
    ) -> Future[Encoded]:
        """Ask for vectors of documents without waiting; arguments, answer and errors as `submit_queries`."""
        return self._submit(checked_texts(texts, "documents"), DOCUMENT, None, dim, timeout_s)

    async def embed_queries(
        self,
        texts: Sequence[str],
        *,
        instruction: str | None = None,
        dim: int | None = None,
        timeout_s: float | None = None,
    ) -> Encoded:
        """Await vectors of queries; a cancelled coroutine cancels the request."""
        future = self.submit_queries(texts, instruction=instruction, dim=dim, timeout_s=timeout_s)
        return await asyncio.wrap_future(future)

    async def embed_documents(
        self, texts: Sequence[str], *, dim: int | None = None, timeout_s: float | None = None
    ) -> Encoded:
        """Await vectors of documents; a cancelled coroutine cancels the request."""
        return await asyncio.wrap_future(self.submit_documents(texts, dim=dim, timeout_s=timeout_s))

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """Float32 `[n, dim]`, unit rows; waits for them."""
        return self.encode_queries_reported(texts, instruction=instruction, dim=dim).vectors

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """Float32 `[n, dim]`, unit rows; waits for them."""
        return self.encode_documents_reported(texts, dim=dim).vectors

    def encode_queries_reported(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> Encoded:
        """As `encode_queries`, with token counts and truncations."""
        return self._encode(checked_texts(texts, "queries"), QUERY, instruction, dim)

    def encode_documents_reported(self, texts: Sequence[str], *, dim: int | None = None) -> Encoded:
        """As `encode_documents`, with token counts and truncations."""
        return self._encode(checked_texts(texts, "documents"), DOCUMENT, None, dim)

    def _encode(self, texts: Sequence[str], side: str, instruction: str | None, dim: int | None) -> Encoded:
        self._engine.require_other_thread()
        parts: list[Encoded] = []
        for window in _windows(texts, self._engine.config.max_characters):
            future = self._submit(window, side, instruction, dim, None)
            try:
                parts.append(future.result())
            finally:
                future.cancel()  # a caller that is interrupted waits no longer
        return _joined(parts) if len(parts) > 1 else parts[0]

    def _submit(
        self, texts: Sequence[str], side: str, instruction: str | None, dim: int | None, timeout_s: float | None
    ) -> Future[Encoded]:
        width = self._model.checked_dim(dim)
        if not len(texts):
            return _nothing(width)
        request = EmbedRequest(
            texts,
            side=side,
            instruction=instruction,
            dim=width,
            timeout_s=self._engine.config.timeout_s if timeout_s is None else timeout_s,
        )
        self._engine.submit(self._task, request)
        return request.future


def _nothing(dim: int) -> Future[Encoded]:
    future: Future[Encoded] = Future()
    future.set_result(Encoded(vectors=np.empty((0, dim), dtype=np.float32), num_tokens=[], truncations=[]))
    return future


def _windows(texts: Sequence[str], max_characters: int) -> Iterator[Sequence[str]]:
    """Cut a long list so that no part of it exceeds what an engine takes; an empty list is one window."""
    start = held = 0
    for place, text in enumerate(texts):
        if place > start and (place - start == _WINDOW_TEXTS or held + len(text) > max_characters):
            yield texts[start:place]
            start, held = place, 0
        held += len(text)
    yield texts[start:]


def _joined(parts: Sequence[Encoded]) -> Encoded:
    truncations, start = [], 0
    for part in parts:
        truncations += [
            Truncation(index=start + cut.index, num_tokens=cut.num_tokens, kept_tokens=cut.kept_tokens)
            for cut in part.truncations
        ]
        start += len(part.num_tokens)
    return Encoded(
        vectors=np.concatenate([part.vectors for part in parts]),
        num_tokens=[count for part in parts for count in part.num_tokens],
        truncations=truncations,
    )
