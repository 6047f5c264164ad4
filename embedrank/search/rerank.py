"""Second stage: a model reads the best candidates together with the query and judges each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

from embedrank.core.protocols import Reranker
from embedrank.core.types import Chunk
from embedrank.search.config import SearchConfig

DEFAULT_WEIGHT: Final = 1.0
DEFAULT_BLEND: Final = "logit"


@runtime_checkable
class Recommended(Protocol):
    """A reranker that says how it is best blended with recall; small models do, strong ones decide alone."""

    @property
    def recommended_weight(self) -> float:
        """Share of the reranker in the final order, 0..1."""
        ...

    @property
    def recommended_blend(self) -> str:
        """Name of the blend."""
        ...


def judge(
    reranker: Reranker, query: str, chunks: Sequence[Chunk], *, instruction: str | None = None
) -> dict[str, float]:
    """Let the reranker read the chunks.

    Args:
        reranker: The judge.
        query: The query text.
        chunks: Candidates; titles are read with the text.
        instruction: The task; None for the reranker's own.

    Returns:
        Chunk id to yes-no logit difference.
    """
    if not chunks:
        return {}
    logits = reranker.logits(query, [chunk.embedding_text for chunk in chunks], instruction=instruction)
    return {chunk.id: float(logit) for chunk, logit in zip(chunks, logits, strict=True)}


def blend_choice(config: SearchConfig, reranker: Reranker) -> tuple[float, str]:
    """Weight and blend of a search: the caller's, else the reranker's recommendation, else the reranker alone.

    Args:
        config: The caller's choice; None in a field leaves it open.
        reranker: May recommend (see `Recommended`).

    Returns:
        Weight in 0..1 and name of the blend.
    """
    weight, blend = DEFAULT_WEIGHT, DEFAULT_BLEND
    if isinstance(reranker, Recommended):
        weight, blend = reranker.recommended_weight, reranker.recommended_blend
    return (
        weight if config.rerank_weight is None else config.rerank_weight,
        blend if config.blend is None else config.blend,
    )
