"""What each variant of a recipe is worth: means over judged sets, and how sure the differences to one of them are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from embedrank.core.errors import InvalidInputError
from embedrank.evaluation.compare import Comparison, Difference, interval, randomisation_test, resampled_means

Figures: TypeAlias = Mapping[str, Mapping[str, float]]
"""Set to query to value of a metric."""

MEAN: Final = "mean"
_MARKS: Final = {1: "+", -1: "-", 0: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One variant on some sets.

    Attributes:
        value: Mean of the sets' means.
        difference: That less the baseline's, with its 95 % interval; None for the baseline.
        p_value: Of the difference, by a paired randomisation test; None for the baseline.
    """

    value: float
    difference: Difference | None = None
    p_value: float | None = None

    @property
    def mark(self) -> str:
        """`+` or `-` where interval and test both call it better or worse than the baseline; else nothing."""
        if self.difference is None or self.p_value is None:
            return ""
        return _MARKS[Comparison(p_value=self.p_value, difference=self.difference).sign]


@dataclass(frozen=True, slots=True, kw_only=True)
class AblationRow:
    """One variant.

    Attributes:
        variant: Its name.
        cells: Type of set to its cell; `mean` is over all sets, whatever their type.
        sets: Set to the mean over its queries.
    """

    variant: str
    cells: Mapping[str, Cell]
    sets: Mapping[str, float]


def ablation(figures: Mapping[str, Figures], types: Mapping[str, str], *, baseline: str) -> list[AblationRow]:
    """Hold variants against one of them.

    Args:
        figures: Variant to its figures, all of the same queries of the same sets.
        types: Set to its type.
        baseline: The variant that the others are held against.

    Returns:
        One row a variant, in the order given.

    Raises:
        InvalidInputError: If variants were measured on different sets or queries.
    """
    columns: dict[str, list[str]] = {}
    for name, kind in types.items():
        columns.setdefault(kind, []).append(name)
    if len(columns) > 1 or MEAN not in columns:
        columns[MEAN] = list(types)
    return [_row(variant, each, figures[baseline], columns) for variant, each in figures.items()]


def difference_over_sets(
    first: Figures, second: Figures, *, confidence: float = 0.95, num_trials: int = 10_000, seed: int = 0
) -> Difference:
    """Paired bootstrap of the difference of two means of set means: queries are drawn again within each set.

    Args:
        first: Figures of one system.
        second: Those of another, of the same queries.
        confidence: Share of the drawn means that the interval holds, between 0 and 1.
        num_trials: How often all queries are drawn.
        seed: Of the draws.

    Returns:
        The observed difference, with its percentile interval.

    Raises:
        InvalidInputError: If the two do not hold the same queries of the same sets.

    Source:
        Sakai, "Evaluating Evaluation Metrics based on the Bootstrap", SIGIR 2006; within each set, because a mean over
        sets weighs sets alike, whatever their number of queries
    """
    _require_same(first, second)
    generator = np.random.default_rng(seed)
    means, observed = np.zeros(num_trials), 0.0
    for name, values in first.items():
        differences = np.asarray([second[name][query] - value for query, value in values.items()], dtype=np.float64)
        observed += float(differences.mean()) / len(first)
        means += resampled_means(differences[None], num_trials=num_trials, seed=generator)[:, 0] / len(first)
    low, high = interval(means, confidence)
    return Difference(mean=observed, low=low, high=high)


def _row(variant: str, figures: Figures, base: Figures, columns: Mapping[str, Sequence[str]]) -> AblationRow:
    means = {name: sum(values.values()) / max(len(values), 1) for name, values in figures.items()}
    cells = {}
    for column, names in columns.items():
        own, other = ({name: each[name] for name in names} for each in (figures, base))
        value = sum(means[name] for name in names) / len(names)
        if figures is base:
            cells[column] = Cell(value=value)
        else:
            p_value = randomisation_test(_weighed(other), _weighed(own))
            cells[column] = Cell(value=value, difference=difference_over_sets(other, own), p_value=p_value)
    return AblationRow(variant=variant, cells=cells, sets=means)


def _weighed(figures: Figures) -> dict[str, float]:
    """Queries of all sets, each with the weight that it has in a mean of set means."""
    return {
        f"{name}\0{query}": value / (len(values) * len(figures))
        for name, values in figures.items()
        for query, value in values.items()
    }


def _require_same(first: Figures, second: Figures) -> None:
    if first.keys() != second.keys() or any(first[name].keys() != second[name].keys() for name in first):
        raise InvalidInputError("variants", "were not measured on the same queries of the same sets")
