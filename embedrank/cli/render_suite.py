"""Tables over many sets, and ours beside the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from embedrank.cli.render_report import HEADINGS

if TYPE_CHECKING:
    from embedrank.evaluation.paper import Compared
    from embedrank.evaluation.suite import SuiteRow


def suite_table(rows: Sequence[SuiteRow]) -> Table:
    """One row a set and task, one column a system, means by type of task below.

    Args:
        rows: Rows of a suite.

    Returns:
        The table, in points of 100.
    """
    from embedrank.evaluation.suite import means_of

    systems = list(dict.fromkeys(system for row in rows for system in row.values))
    table = _table("set", "task", "metric", right=systems)
    for row in rows:
        name = row.name if row.num_splits == 1 else f"{row.name} ({row.num_splits} splits)"
        best = max(row.values.values())
        cells = [Text(name), Text(row.task.replace("_", " ")), Text(HEADINGS[row.metric])]
        for system in systems:
            value = row.values.get(system)
            style = "bold green" if value == best and len(row.values) > 1 else ""
            shown = "" if value is None else f"{100 * value:.1f}{'*' if system in row.better else ' '}"
            cells.append(Text(shown, style=style))
        table.add_row(*cells)
    table.add_section()
    means = means_of(rows)
    kinds = dict.fromkeys(["mean_task", "mean_type", *(row.benchmark_type for row in rows)])
    for kind in kinds:
        values = [f"{100 * means[system][kind]:.1f} " if kind in means[system] else "" for system in systems]
        table.add_row(Text(_column(kind), style="bold"), "", "", *values)
    return table


def paper_table(rows: Sequence[Compared]) -> Table:
    """Ours beside the published numbers.

    Args:
        rows: Numbers in the order to show.

    Returns:
        The table, in points of 100.
    """
    table = _table("", "benchmark", "", right=["ours", "published", "difference"])
    above = ("", "")
    for row in rows:
        heading, above = (
            (_unlike(row.setting, above[0]), _unlike(row.benchmark, above[1])),
            (row.setting, row.benchmark),
        )
        ours = "" if row.ours is None else f"{row.ours:.2f}"
        difference = "" if row.difference is None else f"{row.difference:+.2f}"
        table.add_row(*heading, _column(row.column), ours, f"{row.published:.2f}", difference)
    return table


def _unlike(name: str, above: str) -> str:
    """A name, but not twice in a column."""
    return "" if name == above else name


def _column(name: str) -> str:
    return {"mean_task": "mean over tasks", "mean_type": "mean over types"}.get(name, name)


def _table(*left: str, right: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in left:
        table.add_column(heading, overflow="fold")
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
