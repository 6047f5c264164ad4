"""Models of the server as a search index needs them: called from threads, for as long as the index is open.

They run in the server's engine, beside all other requests, and go on when that was made anew. An index belongs to one
model, so each stays with the very model it was made for, also when that is loaded anew under its name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from embedrank.core.types import Encoded, FloatArray, Judged
from embedrank.engine.reranking import probabilities
from embedrank.serving.models.loaded import Loaded
from embedrank.serving.observing.facts import note_work
from embedrank.serving.service import Service
from embedrank.serving.worker import Worker

if TYPE_CHECKING:
    from embedrank.model.embedder import Embedder
    from embedrank.model.reranker import Reranker


class StandingEmbedder:
    """An `Encoder` over the server's engine.

    Attributes:
        name: Name that clients say.
        fingerprint: Hash of everything that decides the vectors.
        dim: Largest number of dimensions.
        max_length: Most tokens read of a text.
        default_instruction: The task put before queries when none is given.
        recommended_fusion: How search had best fuse its ranking with BM25's.
        recommended_dense_weight: Weight of the dense list in that fusion.
    """

    def __init__(self, worker: Worker, loaded: Loaded) -> None:
        """Stand for a loaded model.

        Args:
            worker: The server's.
            loaded: An embedder; leased for as long as this is used.
        """
        model = cast("Embedder", loaded.model)
        self._worker, self._loaded = worker, loaded
        self.name, self.fingerprint, self.dim = loaded.name, model.fingerprint, model.dim
        self.max_length, self.default_instruction = model.max_length, model.default_instruction
        self.recommended_fusion = model.recommended_fusion
        self.recommended_dense_weight = model.recommended_dense_weight

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """Float32 `[n, dim]`, unit rows; waits for them."""
        face = self._worker.embedder(self._loaded)
        return self._noted(face.encode_queries_reported(texts, instruction=instruction, dim=dim)).vectors

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """Float32 `[n, dim]`, unit rows; waits for them."""
        return self._noted(self._worker.embedder(self._loaded).encode_documents_reported(texts, dim=dim)).vectors

    def _noted(self, encoded: Encoded) -> Encoded:
        counts = encoded.num_tokens
        note_work(model=self.name, texts=len(counts), tokens=sum(counts), truncated=len(encoded.truncations))
        return encoded


class StandingReranker:
    """A `Reranker` over the server's engine.

    Attributes:
        name: Name that clients say.
        recommended_weight: Share of this model in the final order of a search.
        recommended_blend: How that share is mixed with recall.
    """

    def __init__(self, worker: Worker, loaded: Loaded) -> None:
        """Stand for a loaded model.

        Args:
            worker: The server's.
            loaded: A reranker; leased for as long as this is used.
        """
        model = cast("Reranker", loaded.model)
        self._worker, self._loaded = worker, loaded
        self.name = loaded.name
        self.recommended_weight, self.recommended_blend = model.recommended_weight, model.recommended_blend

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]` in 0..1; waits for it."""
        return probabilities(self.logits(query, documents, instruction=instruction))

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]`: yes minus no; waits for it."""
        judged: Judged = self._worker.reranker(self._loaded).judge(query, documents, instruction=instruction)
        counts = judged.num_tokens
        note_work(model=self.name, texts=len(counts), tokens=sum(counts), truncated=len(judged.truncations))
        return judged.logits


@asynccontextmanager
async def standing_embedder(service: Service, model: str | None) -> AsyncIterator[StandingEmbedder]:
    """An embedder that is kept for the time of a block.

    Args:
        service: The server.
        model: Name of the embedder; None for the first.

    Yields:
        The embedder; only threads may call it, not the event loop.
    """
    async with service.shelf.lease("embedder", model) as loaded:
        yield StandingEmbedder(service.worker, loaded)


@asynccontextmanager
async def standing_reranker(service: Service, model: str | None) -> AsyncIterator[StandingReranker]:
    """A reranker that is kept for the time of a block; as `standing_embedder`."""
    async with service.shelf.lease("reranker", model) as loaded:
        yield StandingReranker(service.worker, loaded)
