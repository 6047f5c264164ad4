"""A recipe's steps, and its ablation, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from embedrank.recipe.states import State

_STYLES: Final = {"done": "green", "stale": "yellow", "missing": "red"}


def steps_table(states: Sequence[State]) -> Table:
    """One row a step; a variant's steps that it shares with an earlier one are left out.

    Args:
        states: Of all variants.

    Returns:
        The table.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("variant", "step", "kind", "state"):
        table.add_column(heading, no_wrap=True)
    table.add_column("reads", overflow="fold")
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("of CPU", justify="right", no_wrap=True)
    table.add_column("MiB", justify="right", no_wrap=True)
    table.add_column("folder", no_wrap=True, style="dim")
    for state in states:
        if state.shared_with:
            continue
        took = [_shown(state.wall_s, ".1f"), _shown(state.cpu_s, ".1f"), _shown(state.peak_rss_mib, ",.0f")]
        mark = Text(state.state, style=_STYLES[state.state])
        folder = state.folder if state.state == "done" else ""
        table.add_row(state.variant, state.step, state.kind, mark, ", ".join(state.inputs), *took, folder)
    return table


def ablation_table(content: Mapping[str, Any]) -> Table:
    """One row a variant.

    Args:
        content: Of `ablation.json`.

    Returns:
        The table, in points of 100.
    """
    from embedrank.recipe.table_files import compared

    columns = content["columns"]
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("variant", no_wrap=True)
    for heading in (*columns, "difference", "95 % interval", "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in content["rows"]:
        cells = [f"{100 * row['cells'][name]['value']:.1f}{row['cells'][name]['mark'] or ' '}" for name in columns]
        style = "bold" if row["variant"] == content["baseline"] else ""
        table.add_row(row["variant"], *cells, *compared(row["cells"][columns[-1]]), style=style)
    return table


def _shown(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
