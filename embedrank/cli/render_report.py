"""An evaluation report as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from embedrank.evaluation.report import SystemScore

HEADINGS: Final = {"ndcg_at_10": "nDCG@10", "recall_at_100": "R@100", "mrr_at_10": "MRR@10", "map": "MAP"}


def report_table(scores: Sequence[SystemScore]) -> Table:
    """One row a system, the best value of each column bold.

    Args:
        scores: Systems in the order to show.

    Returns:
        A table that fits 80 columns.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("system", overflow="fold")
    for heading in HEADINGS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    compared = any(score.p_value is not None for score in scores)
    if compared:
        table.add_column(f"p vs {scores[0].name}", justify="right", style="dim")
    best = {field: max(f"{score.metrics[field]:.3f}" for score in scores) for field in HEADINGS}
    for score in scores:
        cells = [Text(score.name)]
        for field in HEADINGS:
            shown = f"{score.metrics[field]:.3f}"
            cells.append(Text(shown, style="bold green" if shown == best[field] and len(scores) > 1 else ""))
        if compared:
            cells.append(Text("" if score.p_value is None else _p_value(score.p_value)))
        table.add_row(*cells)
    return table


def _p_value(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
