"""Figures of many points, gathered set by set, as means over all queries."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Generic, TypeVar

from embedrank.evaluation.beir import BeirSet
from embedrank.evaluation.metrics import per_query
from embedrank.evaluation.run import Run

Point = TypeVar("Point", bound=Hashable)


class Tally(Generic[Point]):
    """Points, each with the sums of its metrics and the number of its queries."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sums: dict[Point, dict[str, float]] = {}
        self._counts: dict[Point, int] = {}

    def add(self, point: Point, values: Mapping[str, float]) -> None:
        """Take in one query.

        Args:
            point: What it was measured for.
            values: Metric to value.
        """
        sums = self._sums.setdefault(point, dict.fromkeys(values, 0.0))
        for name, value in values.items():
            sums[name] += value
        self._counts[point] = self._counts.get(point, 0) + 1

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
        for point, sums in self._sums.items():
            count = self._counts[point]
            yield point, count, {name: value / count for name, value in sums.items()}
