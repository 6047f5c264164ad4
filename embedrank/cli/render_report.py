"""An evaluation report as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from embedrank.evaluation.report import SystemScore

HEADINGS: Final = {
    "ndcg_at_10": "nDCG@10",
    "recall_at_100": "R@100",
    "mrr_at_10": "MRR@10",
    "map": "MAP",
    "p_mrr": "p-MRR",
    "robustness_at_10": "worst@10",
    "pair_average_precision": "pair AP",
    "pair_spearman": "pair rho",
    "spearman": "Spearman",
    "pearson": "Pearson",
    "average_precision": "AP",
    "accuracy": "accuracy",
    "f1": "F1",
    "f1_back": "F1 back",
    "macro_f1": "macro F1",
    "knn_accuracy": "kNN acc.",
    "knn_macro_f1": "kNN mF1",
    "v_measure": "V-measure",
    "v_measure_std": "(std)",
}


def report_table(scores: Sequence[SystemScore]) -> Table:
    """One row a system, the best value of each column bold.

    Args:
        scores: Systems in the order to show.

    Returns:
        The table; metrics that not every system has are left out.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("system", overflow="fold")
    fields = [field for field in HEADINGS if all(field in score.metrics for score in scores)]
    for field in fields:
        table.add_column(HEADINGS[field], justify="right", no_wrap=True)
    compared = any(score.p_value is not None for score in scores)
    if compared:
        table.add_column(f"p vs {scores[0].name}", justify="right", style="dim")
        table.add_column("95 % of difference", justify="right", style="dim")
    best = {field: f"{max(score.metrics[field] for score in scores):.3f}" for field in fields}
    for score in scores:
        cells = [Text(score.name)]
        for field in fields:
            shown = f"{score.metrics[field]:.3f}"
            cells.append(Text(shown, style="bold green" if shown == best[field] and len(scores) > 1 else ""))
        if compared:
            cells.append(Text("" if score.p_value is None else _p_value(score.p_value)))
            interval = score.difference
            cells.append(Text("" if interval is None else f"{interval.low:+.3f} {interval.high:+.3f}"))
        table.add_row(*cells)
    return table


def _p_value(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
