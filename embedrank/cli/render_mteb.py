"""A table of mteb scores: a row a task, a column a system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from embedrank.evaluation.mteb.run import TaskScore


def score_table(systems: Mapping[str, Sequence[TaskScore]]) -> Table:
    """Scores side by side.

    Args:
        systems: Name of a system to its scores; the first has all tasks.

    Returns:
        The table, with means below where there are several tasks.
    """
    from embedrank.evaluation.mteb.report import means

    table = Table("task", "type", "score")
    for name in systems:
        table.add_column(name, justify="right")
    rows = {name: {score.task: score.main_score for score in scores} for name, scores in systems.items()}
    first = next(iter(systems.values()))
    for score in first:
        cells = [f"{row[score.task]:.4f}" if score.task in row else "" for row in rows.values()]
        table.add_row(score.task, score.kind, score.metric, *cells)
    if len(first) > 1:
        table.add_section()
        found = [means(scores) for scores in systems.values()]
        table.add_row("mean of tasks", "", "", *(f"{each.mean_task:.4f}" for each in found))
        table.add_row("mean of types", "", "", *(f"{each.mean_type:.4f}" for each in found))
    return table
