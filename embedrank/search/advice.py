"""How a model is best used in search, as its maker found out: an embedder may say how its list is fused with BM25's.

A choice of the caller always wins. A weight belongs to the fusion that it was found for, so it is dropped where the
caller chooses another fusion.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol, runtime_checkable

from embedrank.search.config import SearchConfig

DEFAULT_FUSION: Final = "rrf"
DEFAULT_WEIGHT: Final = 1.0


@runtime_checkable
class AdvisesFusion(Protocol):
    """An encoder that says how its ranking is best fused with BM25's."""

    @property
    def recommended_fusion(self) -> str | None:
        """Name of the fusion, or None."""
        ...

    @property
    def recommended_dense_weight(self) -> float:
        """Weight of the dense list beside 1 for the lexical one."""
        ...


def with_fusion(config: SearchConfig, encoder: object) -> SearchConfig:
    """Fill in what the caller left open.

    Args:
        config: The caller's choices.
        encoder: May recommend (see `AdvisesFusion`).

    Returns:
        A configuration whose fusion and weights are decided.
    """
    fusion, dense = DEFAULT_FUSION, DEFAULT_WEIGHT
    advised = encoder.recommended_fusion if isinstance(encoder, AdvisesFusion) else None
    if isinstance(encoder, AdvisesFusion) and advised is not None and config.fusion in (None, advised):
        fusion, dense = advised, encoder.recommended_dense_weight
    return replace(
        config,
        fusion=config.fusion or fusion,
        dense_weight=dense if config.dense_weight is None else config.dense_weight,
        lexical_weight=DEFAULT_WEIGHT if config.lexical_weight is None else config.lexical_weight,
    )
