"""What can become of a row and of a document that was found for it, and what each is called in reports."""

from __future__ import annotations

from typing import Final

KEPT: Final = "kept"

# Of rows.
NOT_IN_CORPUS: Final = "positive not in the corpus"
NOT_FOUND: Final = "positive not found in the window"
TOO_FEW: Final = "too few negatives left"
GRADED: Final = "graded pair, left as it is"
ROW_OUTCOMES: Final = (KEPT, GRADED, NOT_IN_CORPUS, NOT_FOUND, TOO_FEW)

# Of documents, in the order in which they are looked for; the first that holds counts.
POSITIVE: Final = "a positive of the row, or the same text"
OTHER_POSITIVE: Final = "positive of another row of the query"
WRITTEN: Final = "already a negative of the row"
SIMILAR: Final = "too similar to a positive"
SKIPPED: Final = "among the best that are skipped"
ABOVE_CAP: Final = "above the absolute cap"
ABOVE_SHARE: Final = "above the share of the positive's score"
ABOVE_MARGIN: Final = "within the margin of the positive's score"
VETOED: Final = "called relevant by the reranker"
FOUND_TWICE: Final = "found by an earlier encoder too"
REFUSED_ELSEWHERE: Final = "refused by another encoder's scores"
ROW_DROPPED: Final = "of a row that was dropped"
NOT_DRAWN: Final = "not drawn"
DOCUMENT_OUTCOMES: Final = (
    POSITIVE,
    OTHER_POSITIVE,
    WRITTEN,
    SIMILAR,
    SKIPPED,
    ABOVE_CAP,
    ABOVE_SHARE,
    ABOVE_MARGIN,
    FOUND_TWICE,
    REFUSED_ELSEWHERE,
    VETOED,
    ROW_DROPPED,
    NOT_DRAWN,
    KEPT,
)
