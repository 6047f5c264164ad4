"""What a run came to: every row, every document and every written negative under the reason that decided on it."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from embedrank.training.negatives import reasons
from embedrank.training.negatives.decision import Decision
from embedrank.training.negatives.written import Written

_QUANTILES: Final = {"min": 0.0, "p10": 0.1, "median": 0.5, "p90": 0.9, "max": 1.0}


class Tally:
    """Counts decisions one after another."""

    def __init__(self, encoders: Sequence[str]) -> None:
        """Begin at zero.

        Args:
            encoders: Their names, in the order in which decisions number them.
        """
        self._encoders = list(encoders)
        self._rows: Counter[str] = Counter()
        self._documents: Counter[str] = Counter()
        self._sources: Counter[int] = Counter()
        self._written: Counter[str] = Counter()
        self._num_judged = 0
        self._ranks, self._scores, self._positive_scores = array("f"), array("f"), array("f")

    def add(self, decision: Decision, written: Written) -> None:
        """Count one row.

        Args:
            decision: What was decided.
            written: The negatives that it had.
        """
        self._rows[decision.outcome] += 1
        self._documents.update(decision.documents)
        self._num_judged += decision.num_judged
        self._sources.update(negative.encoder for negative in decision.negatives)
        self._ranks.extend(negative.rank for negative in decision.negatives)
        self._scores.extend(negative.score for negative in decision.negatives)
        if decision.is_kept and decision.positive_score is not None:
            self._positive_scores.append(decision.positive_score)
        self._written["kept" if decision.is_kept else "of a row that was dropped"] += len(written.kept)
        self._written["replaced"] += written.num_replaced
        self._written["the same text as a positive or an earlier one"] += written.num_wrong

    def report(self) -> dict[str, object]:
        """JSON values: counts by reason, and how ranks and scores of what was kept are spread."""
        return {
            "num_rows": sum(self._rows.values()),
            "num_rows_written": self._rows[reasons.KEPT] + self._rows[reasons.GRADED],
            "num_negatives_mined": self._documents[reasons.KEPT],
            "rows": _ordered(self._rows, reasons.ROW_OUTCOMES),
            "documents": _ordered(self._documents, reasons.DOCUMENT_OUTCOMES),
            "written_negatives": dict(self._written),
            "num_judged_by_reranker": self._num_judged,
            "kept_by_encoder": {name: self._sources[number] for number, name in enumerate(self._encoders)},
            "kept_ranks": _spread(self._ranks),
            "kept_scores": _spread(self._scores),
            "positive_scores": _spread(self._positive_scores),
        }


def _ordered(counts: Mapping[str, int], names: Sequence[str]) -> dict[str, int]:
    return {name: counts.get(name, 0) for name in names}


def _spread(values: array[float]) -> dict[str, float]:
    if not values:
        return {}
    cuts = np.quantile(np.frombuffer(values, dtype=np.float32), list(_QUANTILES.values()))
    return {name: round(float(cut), 4) for name, cut in zip(_QUANTILES, cuts, strict=True)}
