"""Figures of many points, gathered set by set, as means over all queries, with intervals.

Shapes: P points, Q queries, T draws.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from embedrank.evaluation.beir import BeirSet
from embedrank.evaluation.compare import Difference, interval, resampled_means
from embedrank.evaluation.metrics import per_query
from embedrank.evaluation.run import Run

Point = TypeVar("Point", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How sure a mean is.

    Attributes:
        low: Lower end of the 95 % interval of the mean, by bootstrap over queries.
        high: Its upper end.
        difference: To the reference, by a paired bootstrap; None without one, and for the reference itself.
    """

    low: float
    high: float
    difference: Difference | None = None

    @property
    def compared(self) -> dict[str, object]:
        """`difference`, `difference_95` and whether it `differs`, as far as the interval is without 0; or nothing."""
        if self.difference is None:
            return {}
        low, high = self.difference.low, self.difference.high
        return {
            "difference": self.difference.mean,
            "difference_95": [low, high],
            "differs": not low <= 0 <= high,
        }


class Tally(Generic[Point]):
    """Points, each with the values of its queries."""

    def __init__(self) -> None:
        """Begin with none."""
        self._values: dict[Point, dict[str, list[float]]] = {}

    def add(self, point: Point, values: Mapping[str, float]) -> None:
        """Take in one query.

        Args:
            point: What it was measured for.
            values: Metric to value.
        """
        rows = self._values.setdefault(point, {name: [] for name in values})
        for name, value in values.items():
            rows[name].append(value)

    def add_run(self, point: Point, dataset: BeirSet, run: Run) -> dict[str, dict[str, float]]:
        """Measure a run and take in all its queries.

        Args:
            point: What it was made for.
            dataset: The judged queries.
            run: Query id to document ids.

        Returns:
            Query id to metric to value.
        """
        values = per_query(dataset.qrels, run)
        by_query = {query: {name: values[name][query] for name in values} for query in dataset.queries}
        for each in by_query.values():
            self.add(point, each)
        return by_query

    def means(self) -> Iterator[tuple[Point, int, dict[str, float]]]:
        """Every point with its number of queries and its means, in the order of their first query."""
        for point, rows in self._values.items():
            count = len(next(iter(rows.values())))
            yield point, count, {name: sum(row) / count for name, row in rows.items()}

    def spreads(
        self, metric: str, reference_of: Callable[[Point], Point | None] = lambda point: None
    ) -> dict[Point, Spread]:
        """How sure the means of one metric are.

        Args:
            metric: Its name.
            reference_of: The point that one is compared with: over the same queries, added in the same order. None
                for an interval alone.

        Returns:
            Point to spread.
        """
        by_count: dict[int, list[Point]] = {}
        for point, rows in self._values.items():
            by_count.setdefault(len(rows[metric]), []).append(point)
        found: dict[Point, Spread] = {}
        for points in by_count.values():  # those with the same queries share their draws
            values_PQ = np.asarray([self._values[point][metric] for point in points])
            drawn_TP = resampled_means(values_PQ)
            place_of = {point: place for place, point in enumerate(points)}
            for point, place in place_of.items():
                reference = reference_of(point)
                beside = None if reference is None else place_of.get(reference)
                low, high = interval(drawn_TP[:, place])
                difference = None
                if beside not in (None, place):
                    ends = interval(drawn_TP[:, place] - drawn_TP[:, beside])
                    mean = float((values_PQ[place] - values_PQ[beside]).mean())
                    difference = Difference(mean=mean, low=ends[0], high=ends[1])
                found[point] = Spread(low=low, high=high, difference=difference)
        return found
