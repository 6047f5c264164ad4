"""Every choice of one search, checked where it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from embedrank.core.errors import ConfigError
from embedrank.search.blend import BLENDS
from embedrank.search.fusion import FUSIONS

MODES: Final = ("fused", "dense", "lexical")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchConfig:
    """What is recalled, how lists are fused, how many candidates are reranked and how much the reranker decides.

    Attributes:
        top: Hits returned.
        recall: Chunks taken from each recall list.
        mode: `fused` (dense and lexical), `dense` or `lexical`.
        fusion: Key of `FUSIONS`; None takes what the embedder recommends, else `rrf`.
        dense_weight: Weight of the dense list in the fusion, 0 or more; None takes what the embedder recommends for the
            fusion it recommends, else 1.
        lexical_weight: The same for the lexical list.
        rerank: Whether a reranker, where there is one, reads the candidates.
        rerank_depth: Candidates it reads; the cost of a search grows with it.
        rerank_weight: Its share in the final order, 0..1; None takes what the reranker recommends, else 1.
        blend: Key of `BLENDS`; None takes what the reranker recommends, else `logit`.
        dim: Leading vector dimensions compared; None for all.
        instruction: The task in one English sentence for embedder and reranker; None for the model's own.
    """

    top: int = 10
    recall: int = 100
    mode: str = "fused"
    fusion: str | None = None
    dense_weight: float | None = None
    lexical_weight: float | None = None
    rerank: bool = True
    rerank_depth: int = 30
    rerank_weight: float | None = None
    blend: str | None = None
    dim: int | None = None
    instruction: str | None = None

    def __post_init__(self) -> None:
        """Refuse values out of range and choices that contradict each other.

        Raises:
            ConfigError: Naming the field, its value and its limit.
        """
        for field in ("top", "recall", "rerank_depth"):
            self._require(field, getattr(self, field) >= 1, "must be 1 or more")
        self._require("recall", self.recall >= self.top, f"must be at least top ({self.top})")
        self._require("dim", self.dim is None or self.dim >= 1, "must be 1 or more")
        self._require("mode", self.mode in MODES, f"must be one of {', '.join(MODES)}")
        self._require("fusion", self.fusion is None or self.fusion in FUSIONS, f"must be one of {', '.join(FUSIONS)}")
        self._require("blend", self.blend is None or self.blend in BLENDS, f"must be one of {', '.join(BLENDS)}")
        for field in ("dense_weight", "lexical_weight"):
            weight = getattr(self, field)
            self._require(field, weight is None or 0 <= weight < float("inf"), "must be a number of 0 or more")
        both_off = self.dense_weight == 0 and self.lexical_weight == 0
        self._require("dense_weight", not both_off, "or lexical_weight must be above 0")
        share = self.rerank_weight
        self._require("rerank_weight", share is None or 0 <= share <= 1, "must be in 0..1")

    def _require(self, field: str, holds: bool, limit: str) -> None:
        if not holds:
            raise ConfigError("search", field, getattr(self, field), limit)
