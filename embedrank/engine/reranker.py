"""A reranker whose callers take turns on one device, with scores that can be shown as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from embedrank.core.types import FloatArray, Judged
from embedrank.engine.engine import Engine
from embedrank.engine.reranking import OnPart, RerankRequest, RerankTask, probabilities
from embedrank.engine.streaming import AsyncStream, Stream
from embedrank.model.texts import checked_pair

if TYPE_CHECKING:
    from embedrank.model.reranker import Reranker

Part: TypeAlias = tuple[list[int], FloatArray]
"""Places of some documents, and their scores in 0..1."""


class BatchedReranker:
    """A `Reranker` over an engine; also hands out futures, awaitables and streams.

    Attributes:
        name: What the model was loaded by.
        fingerprint: Hash of weights and template.
        max_length: Most tokens of a prompt.
    """

    def __init__(self, reranker: Reranker, engine: Engine) -> None:
        """Let a reranker run in an engine.

        Args:
            reranker: The model.
            engine: Runs it; may run others too.
        """
        self.name, self.fingerprint, self.max_length = reranker.name, reranker.fingerprint, reranker.max_length
        self._model, self._engine = reranker, engine
        self._task = RerankTask(reranker)

    @property
    def recommended_weight(self) -> float:
        """Share of this model in the final order of a search."""
        return self._model.recommended_weight

    @property
    def recommended_blend(self) -> str:
        """How that share is mixed with recall."""
        return self._model.recommended_blend

    def submit(
        self, query: str, documents: Sequence[str], *, instruction: str | None = None, timeout_s: float | None = None
    ) -> Future[Judged]:
        """Ask for judgements without waiting.

        Args:
            query: The query.
            documents: The documents.
            instruction: The task in one English sentence; None takes the template's.
            timeout_s: Time for an answer; None takes the engine's.

        Returns:
            A future of logits, token counts and truncations. Cancelling it drops what is not yet computed. Its
            callbacks run in the engine's threads and have to be quick.

        Raises:
            InvalidInputError: If query, documents or `timeout_s` cannot be used.
            EmbedrankError: If the engine refuses (see `Engine.submit`).
        """
        return self._submit(query, documents, instruction, timeout_s, None)

    async def rerank(
        self, query: str, documents: Sequence[str], *, instruction: str | None = None, timeout_s: float | None = None
    ) -> Judged:
        """Await judgements; a cancelled coroutine cancels the request."""
        return await asyncio.wrap_future(self.submit(query, documents, instruction=instruction, timeout_s=timeout_s))

    def stream(
        self, query: str, documents: Sequence[str], *, instruction: str | None = None, timeout_s: float | None = None
    ) -> Iterator[Part]:
        """Scores pack by pack, each document once.

        Args:
            query: The query.
            documents: The documents; those that matter most first.
            instruction: The task; None takes the template's.
            timeout_s: Time for all of it; None takes the engine's.

        Returns:
            An iterator; closing it cancels what is not yet computed. It raises what befalls the request.

        Raises:
            InvalidInputError: If query, documents or `timeout_s` cannot be used.
            EmbedrankError: If the engine refuses (see `Engine.submit`).
        """
        self._engine.require_other_thread()
        parts: Stream[Part] = Stream()
        return parts.until(self._submit(query, documents, instruction, timeout_s, _scored(parts)))

    def astream(
        self, query: str, documents: Sequence[str], *, instruction: str | None = None, timeout_s: float | None = None
    ) -> AsyncIterator[Part]:
        """As `stream`, for `async for`; called in a running event loop."""
        parts: AsyncStream[Part] = AsyncStream()
        return parts.until(self._submit(query, documents, instruction, timeout_s, _scored(parts)))

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]` in 0..1: the probability that a document answers the query; waits for it."""
        return probabilities(self.logits(query, documents, instruction=instruction))

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]`: yes minus no; waits for it."""
        return self.judge(query, documents, instruction=instruction).logits

    def judge(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> Judged:
        """As `logits`, with token counts and truncations."""
        self._engine.require_other_thread()
        future = self._submit(query, documents, instruction, None, None)
        try:
            return future.result()
        finally:
            future.cancel()  # a caller that is interrupted waits no longer

    def _submit(
        self,
        query: str,
        documents: Sequence[str],
        instruction: str | None,
        timeout_s: float | None,
        on_part: OnPart | None,
    ) -> Future[Judged]:
        texts = checked_pair(query, documents)
        if not len(texts):
            return _nothing()
        request = RerankRequest(
            query,
            texts,
            instruction=instruction,
            timeout_s=self._engine.config.timeout_s if timeout_s is None else timeout_s,
            on_part=on_part,
        )
        self._engine.submit(self._task, request)
        return request.future


def _scored(parts: Stream[Part] | AsyncStream[Part]) -> OnPart:
    return lambda places, logits: parts.put((places, probabilities(logits)))


def _nothing() -> Future[Judged]:
    future: Future[Judged] = Future()
    future.set_result(Judged(logits=np.empty(0, dtype=np.float32), num_tokens=[], shared_tokens=0, truncations=[]))
    return future
