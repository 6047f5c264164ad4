"""What the service answers, before a dialect spells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embedrank.core.types import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Vectors of texts.

    Attributes:
        vectors: Float32 `[n, dim]`, unit rows, in the order of the texts.
        num_tokens: Tokens read of each.
        truncated: Whether each was cut.
        model: Name of the model.
    """

    vectors: FloatArray
    num_tokens: list[int]
    truncated: list[bool]
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Judgements of documents.

    Attributes:
        scores: Float32 `[n]` in 0..1, in the order of the documents.
        logits: Float32 `[n]`: yes minus no.
        num_tokens: Tokens of each whole prompt.
        truncated: Whether each document was cut.
        model: Name of the model.
    """

    scores: FloatArray
    logits: FloatArray
    num_tokens: list[int]
    truncated: list[bool]
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One model that is served.

    Attributes:
        name: What clients say.
        kind: `embedder` or `reranker`.
        source: Preset, folder or hub id.
        aliases: Other names of it.
        is_default: Whether it is meant where none is named.
        is_loaded: Whether it is in memory.
        dim: Largest number of dimensions; None of a reranker, or before it is loaded.
        max_length: Most tokens read; None before it is loaded.
        fingerprint: Hash of what decides its answers; None before it is loaded.
        precision: Numbers it computes in; None before it is loaded.
        loaded_at: When it was loaded, seconds since 1970; None before.
    """

    name: str
    kind: str
    source: str
    aliases: Sequence[str]
    is_default: bool
    is_loaded: bool
    dim: int | None = None
    max_length: int | None = None
    fingerprint: str | None = None
    precision: str | None = None
    loaded_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the server is.

    Attributes:
        is_well: Whether requests can be answered.
        reason: Why not; empty if they can.
    """

    is_well: bool
    reason: str = ""
