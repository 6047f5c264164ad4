"""What one encoder found for one query, and all that the rules look at.

Shape suffix: K documents found.
"""

from __future__ import annotations

from dataclasses import dataclass

from embedrank.core.same_text import Digests
from embedrank.core.types import FloatArray
from embedrank.training.negatives.top_k import Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Digests of the texts that belong to a row.

    Attributes:
        positives: Its positives.
        others: Positives of other rows with the same query and instruction.
        written: Negatives it has already and keeps.
    """

    positives: Digests
    others: Digests
    written: Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The documents nearest to a query, best first.

    Attributes:
        places_K: Their places in the corpus.
        scores_K: Cosines with the query.
        digests_K: Digests of their texts.
        positive_score: Cosine of the query with the row's positive, of several the highest.
        similarities_K: Highest cosine of each with a positive; None where it is not asked for.
    """

    places_K: Places
    scores_K: FloatArray
    digests_K: Digests
    positive_score: float
    similarities_K: FloatArray | None = None
