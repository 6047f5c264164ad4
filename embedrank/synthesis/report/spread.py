"""How numbers are spread: a histogram and a few figures, from a sample of them."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from embedrank.synthesis.report.sample import Sample

_SAMPLED: Final = 5000
_MOST_BINS: Final = 24


class Spread:
    """Numbers of one sort."""

    def __init__(self) -> None:
        """Begin with none."""
        self._count = 0
        self._sample: Sample[float] = Sample(_SAMPLED)

    def add(self, key: str, value: float) -> None:
        """Count a number.

        Args:
            key: Unique among all numbers of this sort.
            value: The number.
        """
        self._count += 1
        self._sample.offer(key, float(value))

    def report(self) -> dict[str, Any]:
        """Figures and histogram.

        Returns:
            Count of all numbers; of a sample of up to 5000 the mean, the quantiles 0.05, 0.5 and 0.95, and a histogram
            between the outermost hundredths: numbers beyond them count in the first and last bin.
        """
        values = np.sort(np.array(self._sample.items(), dtype=np.float64))
        low, early, median, late, high = np.quantile(values, [0.01, 0.05, 0.5, 0.95, 0.99])
        edges = _edges(low, high, is_whole=bool((values == np.round(values)).all()))
        counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)
        return {
            "count": self._count,
            "mean": float(values.mean()),
            "q05": float(early),
            "median": float(median),
            "q95": float(late),
            "edges": [round(float(edge), 6) for edge in edges],
            "counts": counts.tolist(),
        }


def _edges(low: float, high: float, *, is_whole: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    if is_whole:
        step = max(1, math.ceil((high - low + 1) / _MOST_BINS))
        return np.arange(math.floor(low), math.floor(high) + step + 1, step, dtype=np.float64)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, _MOST_BINS + 1)
