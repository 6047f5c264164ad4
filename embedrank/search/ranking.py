"""What the stages of one search said, before it becomes hits: plain ranked lists of chunk ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from embedrank.core.types import Chunk, Scored, StageScore

STAGES: Final = ("dense", "lexical", "fused", "rerank")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """One query and every list that led to its answer.

    Attributes:
        query: The query text.
        recalled: `dense`, `lexical` and `fused` lists, best first; stages that did not run are absent.
        logits: Chunk id to the reranker's yes-no logit difference; empty where no reranker ran.
        final: The final order, best first; chunks deleted since recall are already out.
        chunks: The chunks that were read back, by id; at least those of the first `top` places of `final`.
        seconds: Stage to the wall time it took, `embed` and `read` (chunks from the store) among them.
    """

    query: str
    recalled: Mapping[str, Sequence[Scored]]
    logits: Mapping[str, float]
    final: Sequence[Scored]
    chunks: Mapping[str, Chunk]
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def candidates(self) -> Sequence[Scored]:
        """The list that goes into the reranker: the last one recalled."""
        return candidates(self.recalled)

    def stages(self) -> dict[str, Sequence[Scored]]:
        """All lists in stage order, the reranker's own order (by logit) last."""
        lists = {stage: self.recalled[stage] for stage in STAGES if stage in self.recalled}
        if self.logits:
            by_logit = sorted(self.logits.items(), key=lambda row: (-row[1], row[0]))
            lists["rerank"] = [Scored(id=name, score=logit) for name, logit in by_logit]
        return lists


def candidates(recalled: Mapping[str, Sequence[Scored]]) -> Sequence[Scored]:
    """The list that the next stage works on: fused where there is one, else the only list there is.

    Args:
        recalled: Recall lists by stage name.

    Returns:
        The last list in stage order, best first.
    """
    present = [stage for stage in STAGES if stage in recalled]
    return recalled[present[-1]] if present else []


def places(ranked: Sequence[Scored]) -> dict[str, StageScore]:
    """Rank (from 1) and score of each row of a list, by id.

    Args:
        ranked: Rows, best first.

    Returns:
        Id to rank and score.
    """
    return {row.id: StageScore(rank=rank, score=row.score) for rank, row in enumerate(ranked, start=1)}


def document_of(chunk_id: str) -> str:
    """The document that a chunk of an index was cut from.

    Args:
        chunk_id: Document id, `#`, ordinal.

    Returns:
        The document id.
    """
    return chunk_id.rpartition("#")[0]
