"""What was decided about one row: its negatives, and what became of every document found for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from embedrank.training.negatives import reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """A mined negative and where it comes from.

    Attributes:
        place: In the corpus.
        rank: In the list of the encoder that ranks it best, from 1.
        score: That encoder's cosine with the query.
        encoder: Number of that encoder, from 0.
        relevance: What the reranker said, 0..1; None where there is none.
    """

    place: int
    rank: int
    score: float
    encoder: int
    relevance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The fate of a row.

    Attributes:
        outcome: One of `reasons.ROW_OUTCOMES`.
        negatives: Those mined, in the order drawn; empty where the row was dropped.
        documents: Reason to number of documents; adds up to all that were found.
        num_judged: Documents that the reranker read.
        positive_score: Cosine of the query with the positive by the first encoder that found it; None where none did.
    """

    outcome: str
    negatives: tuple[Negative, ...] = ()
    documents: Mapping[str, int] = field(default_factory=dict)
    num_judged: int = 0
    positive_score: float | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the row is written."""
        return self.outcome in (reasons.KEPT, reasons.GRADED)

    def to_line(self) -> str:
        """One line of JSON that `from_line` reads."""
        negatives = [[one.place, one.rank, one.score, one.encoder, one.relevance] for one in self.negatives]
        fields = [self.outcome, negatives, dict(self.documents), self.num_judged, self.positive_score]
        return json.dumps(fields) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Decision:
        """What `to_line` wrote."""
        outcome, negatives, documents, num_judged, positive_score = json.loads(line)
        return cls(
            outcome=outcome,
            negatives=tuple(
                Negative(place=place, rank=rank, score=score, encoder=encoder, relevance=relevance)
                for place, rank, score, encoder, relevance in negatives
            ),
            documents=documents,
            num_judged=num_judged,
            positive_score=positive_score,
        )
