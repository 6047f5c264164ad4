"""What stands in each line of a table over many sets, for a terminal and for a page alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from embedrank.cli.render_report import HEADINGS

if TYPE_CHECKING:
    from embedrank.evaluation.suite import SuiteRow

ABOVE, BELOW = "▲", "▼"
WORK: Final = ("queries", "embedded", "seconds")
_MARKS: Final = {1: ABOVE, -1: BELOW, 0: " "}
_MEANS: Final = {"mean_task": "mean over sets", "mean_type": "mean over types"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table.

    Attributes:
        name: First cell.
        metric: Second cell.
        cells: One for each system.
        best: Places of the highest values, where there are several to choose from.
        work: Cells for what it cost; of a mean none.
        is_summary: Whether it sums up other lines.
    """

    name: str
    metric: str
    cells: Sequence[str]
    best: frozenset[int] = frozenset()
    work: Sequence[str] = ("",) * len(WORK)
    is_summary: bool = False


def systems_of(rows: Sequence[SuiteRow]) -> list[str]:
    """Every system of any row, in the order of their first row."""
    return list(dict.fromkeys(system for row in rows for system in row.values))


def heading_of(name: str) -> str:
    """A column of the report's tables in words."""
    return {**_MEANS, "mean_task": "mean over tasks"}.get(name, name)


def sections_of(rows: Sequence[SuiteRow]) -> Iterator[list[Line]]:
    """Lines by type of task, each type with its mean; then means of all, and how many sets are above the baseline.

    Args:
        rows: Rows of a suite.

    Yields:
        Lines that belong together.
    """
    from embedrank.evaluation.suite import means_of

    systems, means = systems_of(rows), means_of(rows)
    for kind in dict.fromkeys(row.benchmark_type for row in rows):
        members = [row for row in rows if row.benchmark_type == kind]
        yield [*(_set_line(row, systems) for row in members), _mean_line(f"{kind}, mean", kind, systems, means)]
    yield [*(_mean_line(name, field, systems, means) for field, name in _MEANS.items()), *_counts(rows, systems)]


def _set_line(row: SuiteRow, systems: Sequence[str]) -> Line:
    name = row.name if row.num_splits == 1 else f"{row.name} ({row.num_splits} splits)"
    marks = {system: _MARKS[found.sign] for system, found in row.compared.items()}
    shown = [f"{100 * row.values[name]:.1f}{marks.get(name, ' ')}" if name in row.values else "" for name in systems]
    return Line(
        name=name,
        metric=HEADINGS[row.metric],
        cells=shown,
        best=_best([row.values.get(system) for system in systems]),
        work=(f"{row.num_queries:,}", f"{row.num_embedded:,}", f"{row.seconds:.1f}"),
    )


def _mean_line(name: str, field: str, systems: Sequence[str], means: Mapping[str, Mapping[str, float]]) -> Line:
    values = [means[system].get(field) for system in systems]
    cells = ["" if value is None else f"{100 * value:.1f} " for value in values]
    comparable = field not in _MEANS  # else over other sets for each system
    return Line(name=name, metric="", cells=cells, best=_best(values) if comparable else frozenset(), is_summary=True)


def _counts(rows: Sequence[SuiteRow], systems: Sequence[str]) -> Iterator[Line]:
    from embedrank.evaluation.suite import baseline_of, verdicts

    found, baseline = verdicts(rows), baseline_of(rows)
    for field, words in (("above", "above"), ("alike", "not told apart from"), ("below", "below")):
        if found:
            cells = [f"{found[system][field]} " if system in found else "" for system in systems]
            yield Line(name=f"sets {words} {baseline}", metric="nDCG@10", cells=cells, is_summary=True)


def _best(values: Sequence[float | None]) -> frozenset[int]:
    known = [value for value in values if value is not None]
    return frozenset(place for place, value in enumerate(values) if len(known) > 1 and value == max(known))
