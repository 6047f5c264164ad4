"""Tables over many sets, and ours beside the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from embedrank.cli.suite_lines import WORK, heading_of, sections_of, systems_of

if TYPE_CHECKING:
    from rich.console import Console

    from embedrank.evaluation.paper import Compared
    from embedrank.evaluation.suite import SuiteRow

_WIDEST: Final = 1000


def print_suite(rows: Sequence[SuiteRow], console: Console) -> None:
    """Print the suite; in a terminal too narrow for it without what it cost, in a file as wide as it is.

    Args:
        rows: Rows of a suite.
        console: Where.
    """
    table = suite_table(rows)
    width = table.__rich_measure__(console, console.options.update(max_width=_WIDEST)).maximum
    if console.is_terminal and width > console.width:
        console.print(suite_table(rows, with_work=False))
        return
    console.width = max(width, console.width)
    console.print(table)


def suite_table(rows: Sequence[SuiteRow], *, with_work: bool = True) -> Table:
    """The suite for a terminal.

    Args:
        rows: Rows of a suite.
        with_work: Whether columns tell what each set cost.

    Returns:
        The table, in points of 100.
    """
    systems = systems_of(rows)
    table = _table("set", "metric", right=[*systems, *(WORK if with_work else ())])
    for section in sections_of(rows):
        for line in section:
            bold = "bold" if line.is_summary else ""
            cells = [Text(line.name, style=bold), Text(line.metric)]
            cells += [
                Text(cell, style="bold green" if place in line.best else "") for place, cell in enumerate(line.cells)
            ]
            table.add_row(*cells, *(Text(cell, style="dim") for cell in (line.work if with_work else ())))
        table.add_section()
    return table


def suite_markdown(rows: Sequence[SuiteRow], notes: Sequence[str]) -> str:
    """The suite for a page of text.

    Args:
        rows: Rows of a suite.
        notes: Lines below the table.

    Returns:
        A table of Markdown and a list.
    """
    systems = systems_of(rows)
    lines = [["set", "metric", *systems, *WORK]]
    lines.append(["---", "---", *["--:"] * (len(systems) + len(WORK))])
    for line in (line for section in sections_of(rows) for line in section):
        name = f"**{line.name}**" if line.is_summary else line.name
        cells = [f"**{cell.strip()}**" if place in line.best else cell for place, cell in enumerate(line.cells)]
        lines.append([name, line.metric, *cells, *line.work])
    table = ["| " + " | ".join(cell.strip().replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([*table, "", *(f"- {line}" for line in notes)]) + "\n"


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
        table.add_row(*heading, heading_of(row.column), ours, f"{row.published:.2f}", difference)
    return table


def _unlike(name: str, above: str) -> str:
    """A name, but not twice in a column."""
    return "" if name == above else name


def _table(*left: str, right: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in left:
        table.add_column(heading, overflow="fold")
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
