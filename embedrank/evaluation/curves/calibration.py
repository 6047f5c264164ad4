"""How far a reranker's probabilities can be believed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

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
    """

    low: float
    high: float
    count: int
    said: float
    was: float


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


def calibration(probabilities: npt.NDArray[np.float64], relevant: npt.NDArray[np.bool_]) -> Calibration:
    """Hold probabilities against judgements, in ten bins of equal width.

    Args:
        probabilities: `[n]`, each in 0..1, at least one.
        relevant: `[n]`.

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
    counts = np.bincount(np.searchsorted(edges[1:-1], probabilities), minlength=NUM_BINS)
    filled = np.flatnonzero(counts)
    return Calibration(
        bins=tuple(
            Bin(
                low=round(float(edges[place]), 10),
                high=round(float(edges[place + 1]), 10),
                count=int(counts[place]),
                said=float(said[row]),
                was=float(was[row]),
            )
            for row, place in enumerate(filled)
        ),
        ece=float(np.abs(said - was) @ counts[filled] / len(probabilities)),
        brier=float(brier_score_loss(relevant, probabilities, pos_label=True)),
        num_pairs=len(probabilities),
        num_relevant=int(relevant.sum()),
    )
