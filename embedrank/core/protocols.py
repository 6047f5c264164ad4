"""The seams between rooms: small protocols over plain values.

Rooms depend on these and never on each other; `cli` wires the implementations together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from embedrank.core.generation import GenerationRequest, Outcome
from embedrank.core.types import Chunk, EmbeddedText, FloatArray, Scored


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into unit vectors; queries and documents are different methods because models treat them so."""

    @property
    def fingerprint(self) -> str:
        """Stable hash of everything that decides the vectors: weights, tokenizer, pooling, prompts."""
        ...

    @property
    def dim(self) -> int:
        """Largest number of dimensions a vector can have."""
        ...

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """Float32 `[n, dim]` with unit rows; `instruction` None means the model's default task."""
        ...

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """Float32 `[n, dim]` with unit rows."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Judges documents against one query."""

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]` in 0..1: the probability that the document answers the query."""
        ...

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]`: the raw difference of the yes and the no logit."""
        ...


@runtime_checkable
class VectorStore(Protocol):
    """Keeps chunks with their vectors. A filter is a mapping from metadata field to the value it must equal."""

    def upsert(self, chunks: Sequence[Chunk], vectors: FloatArray) -> None:
        """Write all chunks of the named documents in one atomic step, replacing what was there of these documents."""
        ...

    def delete(self, document_ids: Sequence[str]) -> int:
        """Remove documents; returns the number of chunks removed."""
        ...

    def search(
        self, vector: FloatArray, *, top: int, where: Mapping[str, object] | None = None, dim: int | None = None
    ) -> list[Scored]:
        """The `top` chunks nearest by cosine, best first; `dim` compares renormalised prefixes only."""
        ...

    def count(self) -> int:
        """Number of chunks stored."""
        ...

    def flush(self) -> None:
        """Make everything durable and bring the indexes up to date."""
        ...


@runtime_checkable
class LexicalIndex(Protocol):
    """Finds chunks by the words they share with a query (BM25)."""

    def search_text(self, query: str, *, top: int, where: Mapping[str, object] | None = None) -> list[Scored]:
        """The `top` chunks by BM25, best first; an empty list where no term matches."""
        ...


@runtime_checkable
class ChunkReader(Protocol):
    """Reads stored chunks back."""

    def get(self, ids: Sequence[str]) -> list[Chunk]:
        """Chunks in the order of `ids`; ids that are gone are left out."""
        ...


@runtime_checkable
class EmbeddingCache(Protocol):
    """Keeps vectors by a key that names model, dim, side, instruction and text. Never raises, never blocks for long.

    Whatever goes wrong inside counts as a miss or as a write that was not made, and shows in `counts`.
    """

    def get_many(self, keys: Sequence[bytes]) -> list[EmbeddedText | None]:
        """What is kept under each key; None where nothing is."""
        ...

    def put_many(self, entries: Mapping[bytes, EmbeddedText]) -> None:
        """Keep these, as far as there is room; the arrays are copied."""
        ...

    def counts(self) -> Mapping[str, int]:
        """What happened so far: hits, misses, and the cache's own counters."""
        ...

    def close(self) -> None:
        """Finish writing and let go of connections."""
        ...


@runtime_checkable
class TextGenerator(Protocol):
    """Continues chats: a language model behind an endpoint, one in this process, or rules."""

    @property
    def name(self) -> str:
        """What to call it in reports, such as the name of its model."""
        ...

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Outcome]:
        """One outcome for each request, in their order; what goes wrong with one is its outcome and not raised."""
        ...

    def close(self) -> None:
        """Let go of connections and memory."""
        ...
