"""What the engine needs of a model: tokenising and computing apart, so that they can run in two threads.

`embedrank.model` keeps these promises; tests put in models of a few lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from embedrank.core.types import FloatArray, Truncation


class Prompts(Protocol):
    """What an embedder puts before queries and documents."""

    def query(self, text: str, instruction: str | None) -> str:
        """A query as the model reads it; None for the model's own task."""
        ...

    def document(self, text: str) -> str:
        """A document as the model reads it."""
        ...


class TokenEmbedder(Protocol):
    """An embedder in two halves."""

    name: str
    fingerprint: str
    dim: int
    max_length: int

    @property
    def prompts(self) -> Prompts:
        """What stands before texts."""
        ...

    @property
    def precision(self) -> str:
        """Number type, which decides the vectors beside the fingerprint."""
        ...

    def checked_dim(self, dim: int | None) -> int:
        """The number of dimensions meant; refuses what is out of range."""
        ...

    def tokenize(self, texts: Sequence[str]) -> list[tuple[list[int], int]]:
        """For each prompted text its token ids, cut, and their number uncut."""
        ...

    def encode_tokens(self, sequences: Sequence[list[int]]) -> FloatArray:
        """Float32 `[n, dim]`, unit rows."""
        ...


class TokenPrompts(Protocol):
    """Reranker prompts as token ids: `shared` comes before every one of `tails`."""

    @property
    def shared(self) -> list[int]:
        """The front that all prompts have in common."""
        ...

    @property
    def tails(self) -> list[list[int]]:
        """What comes after it, none empty."""
        ...

    @property
    def truncations(self) -> list[Truncation]:
        """Documents whose tail was cut."""
        ...


class TokenReranker(Protocol):
    """A reranker in two halves; a prefix is whatever its `prefill` gives."""

    name: str

    @property
    def shares_prefix(self) -> bool:
        """Whether a shared front can be computed once."""
        ...

    def tokenize(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> TokenPrompts:
        """The prompts of one query."""
        ...

    def prefill(self, shared: list[int]) -> Any:
        """Compute the shared front; None where it is empty."""
        ...

    def judge_tokens(self, tails: Sequence[list[int]], prefix: Any) -> FloatArray:
        """Float32 `[n]`: yes minus no."""
        ...
