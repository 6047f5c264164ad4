"""One list of usable documents out of what several encoders found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from embedrank.training.negatives import reasons
from embedrank.training.negatives.rules import Reasons
from embedrank.training.negatives.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A usable document.

    Attributes:
        place: In the corpus.
        rank: In the list of the encoder that ranks it best, from 1.
        score: That encoder's cosine with the query.
        encoder: Number of that encoder, from 0; of equal ranks the first.
    """

    place: int
    rank: int
    score: float
    encoder: int


def pooled(windows: Sequence[Window], judged: Sequence[Reasons]) -> tuple[list[Found], Counter[str]]:
    """Put together what no encoder refuses.

    A document that one encoder refuses is out, even if another one found it too and would let it pass: each of their
    scores is a sign of its own that it may be an answer.

    Args:
        windows: What each encoder found.
        judged: For each window the reasons of the rules.

    Returns:
        The usable documents by their best rank, each once; and how often each reason refused one.
    """
    counts: Counter[str] = Counter()
    refused: set[int] = set()
    for window, reasons_K in zip(windows, judged, strict=True):
        counts.update(reason for reason in reasons_K if reason)
        refused.update(window.places_K[reasons_K != ""].tolist())
    usable = [
        Found(place=place, rank=rank, score=score, encoder=encoder)
        for encoder, (window, reasons_K) in enumerate(zip(windows, judged, strict=True))
        for rank, (place, score, reason) in enumerate(
            zip(window.places_K.tolist(), window.scores_K.tolist(), reasons_K, strict=True), start=1
        )
        if not reason
    ]
    taken: dict[int, Found] = {}
    for found in sorted(usable, key=lambda found: (found.rank, found.encoder)):
        if found.place in refused:
            counts[reasons.REFUSED_ELSEWHERE] += 1
        elif found.place in taken:
            counts[reasons.FOUND_TWICE] += 1
        else:
            taken[found.place] = found
    return list(taken.values()), counts
