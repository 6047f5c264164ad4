"""How far a reranker's probabilities can be believed.

Shapes: B bins, Q queries, P = 2B values of a query, T draws.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from embedrank.evaluation.compare import interval, resampled_means

NUM_BINS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Pairs whose probability lies in one tenth.

    Attributes:
        low: Lower end.
        high: Upper end, which belongs to it.
        count: Pairs.
        said: Their mean probability.
        was: The share of them that is relevant.
        was_95: Ends of its 95 % interval, by bootstrap over queries.
    """

    low: float
    high: float
    count: int
    said: float
    was: float
    was_95: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Probabilities held against judgements.

    Attributes:
        bins: Those that hold pairs, by rising probability.
        ece: Expected calibration error: the mean distance of `said` and `was` over pairs, 0..1.
        brier: Mean squared distance of probability and judgement, 0..1.
        num_pairs: Pairs in all.
        num_relevant: Those that are relevant.
    """

    bins: tuple[Bin, ...]
    ece: float
    brier: float
    num_pairs: int
    num_relevant: int

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {**asdict(self), "bins": [asdict(each) for each in self.bins]}


class Verdicts:
    """What a reranker said of pairs, query by query, and whether it was so."""

    def __init__(self) -> None:
        """Begin with none."""
        self._logits: list[float] = []
        self._relevant: list[bool] = []
        self._queries: list[int] = []
        self._num_queries = 0

    @property
    def num_pairs(self) -> int:
        """Pairs so far."""
        return len(self._logits)

    def add(self, logits: Mapping[str, float], relevant: Container[str]) -> None:
        """Take in one query.

        Args:
            logits: Document id to the difference of the yes and the no logit.
            relevant: Ids of relevant documents.
        """
        self._logits.extend(logits.values())
        self._relevant.extend(name in relevant for name in logits)
        self._queries.extend([self._num_queries] * len(logits))
        self._num_queries += 1

    def calibrated(self) -> Calibration:
        """Probabilities held against judgements."""
        from scipy.special import expit

        return calibration(expit(np.asarray(self._logits)), np.asarray(self._relevant), np.asarray(self._queries))


def calibration(
    probabilities: npt.NDArray[np.float64], relevant: npt.NDArray[np.bool_], queries: npt.NDArray[np.int64]
) -> Calibration:
    """Hold probabilities against judgements, in ten bins of equal width.

    Args:
        probabilities: `[n]`, each in 0..1, at least one.
        relevant: `[n]`.
        queries: `[n]`, the number of the query of each pair; pairs of a query are drawn together.

    Returns:
        Bins and errors. scikit-learn computes the bins and the Brier score; it has no ECE, which weighs its bins.

    Source:
        Guo et al. 2017, section 2, https://arxiv.org/abs/1706.04599
    """
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import brier_score_loss

    was, said = calibration_curve(relevant, probabilities, n_bins=NUM_BINS, strategy="uniform", pos_label=True)
    edges = np.linspace(0, 1, NUM_BINS + 1)
    # As scikit-learn puts them into bins, of which it leaves out the empty ones.
    bins = np.searchsorted(edges[1:-1], probabilities)
    counts = np.bincount(bins, minlength=NUM_BINS)
    ends = _intervals(bins, relevant, queries)
    filled = np.flatnonzero(counts)
    return Calibration(
        bins=tuple(
            Bin(
                low=round(float(edges[place]), 10),
                high=round(float(edges[place + 1]), 10),
                count=int(counts[place]),
                said=float(said[row]),
                was=float(was[row]),
                was_95=ends[int(place)],
            )
            for row, place in enumerate(filled)
        ),
        ece=float(np.abs(said - was) @ counts[filled] / len(probabilities)),
        brier=float(brier_score_loss(relevant, probabilities, pos_label=True)),
        num_pairs=len(probabilities),
        num_relevant=int(relevant.sum()),
    )


def _intervals(
    bins: npt.NDArray[np.int64], relevant: npt.NDArray[np.bool_], queries: npt.NDArray[np.int64]
) -> dict[int, tuple[float, float]]:
    """Intervals of the share that is relevant in each bin with pairs, queries drawn again."""
    count_BQ, relevant_BQ = np.zeros((2, NUM_BINS, int(queries.max()) + 1))
    np.add.at(count_BQ, (bins, queries), 1)
    np.add.at(relevant_BQ, (bins, queries), relevant)
    drawn_TP = resampled_means(np.concatenate([relevant_BQ, count_BQ]))
    with np.errstate(invalid="ignore"):  # a draw may hold no pair of a bin, and then does not count
        share_TB = drawn_TP[:, :NUM_BINS] / drawn_TP[:, NUM_BINS:]
    return {int(place): interval(share_TB[:, place]) for place in np.unique(bins)}
