"""Which of the documents that are found for a query become its negatives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from embedrank.core.errors import ConfigError

SAMPLINGS: Final = ("top", "random", "weighted")
EXISTING: Final = ("keep", "fill", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class MiningConfig:
    """Bounds on negatives, and how they are drawn.

    Source: TopK-Abs, TopK-PercPos, TopK-MarginPos and sampling as in NV-Retriever, arXiv 2407.15831, section 3.

    Attributes:
        num_negatives: Negatives drawn for a row.
        min_negatives: Rows with fewer, written ones included, are dropped.
        window: Documents retrieved for a query by each encoder.
        skip: Best documents passed over, positives and their duplicates not counted.
        max_score: Highest cosine with the query; None for no cap.
        max_share: Highest cosine as a share of the positive's (TopK-PercPos); None for no such bound.
        margin: Least distance below the positive's cosine (TopK-MarginPos); None for no such bound.
        max_similarity: Highest cosine with a positive; above it a document is taken for the same; None to not look.
        max_relevance: Highest reranker score, 0..1, where there is a reranker; above it a document is taken for an
            answer that nobody marked.
        require_positive: Whether a row is dropped if no encoder finds a positive of it within the window.
        sampling: `top` takes the best, `random` any, `weighted` any with weight `exp(cosine / temperature)`.
        temperature: Of `weighted`.
        seed: Of the draws; each row has its own, so that neither order of work nor a restart changes them.
        existing: What becomes of negatives that a row has already. `keep` puts mined ones behind them, `fill` does so
            up to `num_negatives` in all, `replace` removes them.
        instruction: Task of rows that carry none; None leaves their queries raw.
        dim: Leading dimensions of vectors to retrieve by; None for all.
    """

    num_negatives: int = 7
    min_negatives: int = 1
    window: int = 100
    skip: int = 3
    max_score: float | None = 0.8
    max_share: float | None = 0.95
    margin: float | None = None
    max_similarity: float | None = None
    max_relevance: float = 0.5
    require_positive: bool = True
    sampling: str = "top"
    temperature: float = 0.05
    seed: int = 0
    existing: str = "keep"
    instruction: str | None = None
    dim: int | None = None

    def __post_init__(self) -> None:
        for field, least in (("num_negatives", 1), ("min_negatives", 0), ("window", 1), ("skip", 0), ("seed", 0)):
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ConfigError("mining", field, value, f"must be a whole number of at least {least}")
        self._check_bounds()
        for field, known in (("sampling", SAMPLINGS), ("existing", EXISTING)):
            if getattr(self, field) not in known:
                raise ConfigError("mining", field, getattr(self, field), f"must be one of {', '.join(known)}")
        if not isinstance(self.require_positive, bool):
            raise ConfigError("mining", "require_positive", self.require_positive, "must be true or false")
        if self.skip >= self.window:
            raise ConfigError("mining", "skip", self.skip, f"leaves nothing of a window of {self.window}")
        if self.min_negatives > self.num_negatives:
            raise ConfigError("mining", "min_negatives", self.min_negatives, f"is more than {self.num_negatives} drawn")

    def _check_bounds(self) -> None:
        bounds = {
            "max_score": (-1, 1),
            "max_share": (0, 1),
            "margin": (0, 2),
            "max_similarity": (-1, 1),
            "max_relevance": (0, 1),
            "temperature": (1e-6, math.inf),
        }
        for field, (low, high) in bounds.items():
            value = getattr(self, field)
            if value is None and field not in ("max_relevance", "temperature"):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise ConfigError("mining", field, value, f"must be within {low}..{high}")
