"""From a ranking to hits that tell how each got its place: stage ranks and scores, highlights, a line that says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from embedrank.core.types import Chunk, Hit, Scored, StageScore
from embedrank.index.analysis import highlights, query_terms
from embedrank.search.blend import probability
from embedrank.search.ranking import STAGES, Ranking, places

_DIGITS: Final = {"dense": 2, "lexical": 1, "rerank": 2}


def explain(ranking: Ranking, *, top: int) -> list[Hit]:
    """Make hits of the first places of a ranking.

    Args:
        ranking: The stages and the final order.
        top: Number of hits at most.

    Returns:
        Hits, best first.
    """
    stages = {stage: places(rows) for stage, rows in ranking.stages().items()}
    words = _shown_terms(ranking.query)
    present = [row for row in ranking.final if row.id in ranking.chunks]
    return [_hit(row, ranking.chunks[row.id], stages, words) for row in present[:top]]


def why(stages: Mapping[str, StageScore]) -> str:
    """One line that tells what each stage said of a hit.

    Args:
        stages: Stage name to rank and score.

    Returns:
        Such as `dense #3 0.71 · lexical #1 12.4 · fused #1 · rerank #1 0.93`; a stage that did not see the hit is
        shown as `lexical –` where its fellow did.
    """
    parts = []
    for stage in STAGES:
        if stage in stages:
            score = f" {stages[stage].score:.{_DIGITS[stage]}f}" if stage in _DIGITS else ""
            parts.append(f"{stage} #{stages[stage].rank}{score}")
        elif "fused" in stages and stage in ("dense", "lexical"):
            parts.append(f"{stage} –")
    return " · ".join(parts)


def _shown_terms(query: str) -> frozenset[str]:
    """Terms worth highlighting: single characters, as Chinese is indexed by, only where there is nothing longer."""
    found = frozenset(query_terms(query))
    return frozenset(term for term in found if len(term) > 1) or found


def _hit(row: Scored, chunk: Chunk, stages: Mapping[str, Mapping[str, StageScore]], words: frozenset[str]) -> Hit:
    seen = {stage: _shown(stage, placed[row.id]) for stage, placed in stages.items() if row.id in placed}
    return Hit.of(chunk, score=row.score, stages=seen, highlights=highlights(chunk.text, words))


def _shown(stage: str, placed: StageScore) -> StageScore:
    """The reranker is ranked by its logit and shown by its probability."""
    return StageScore(rank=placed.rank, score=probability(placed.score)) if stage == "rerank" else placed
