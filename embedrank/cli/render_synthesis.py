"""The report of a synthesis run in a terminal: what became of the drafts, and how the rows compare with the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

_BAR: Final = 24
_BLOCKS: Final = " ▏▎▍▌▋▊▉█"
_MOST_REASONS: Final = 3


def print_synthesis(console: Console, report: Mapping[str, Any]) -> None:
    """Print the funnel, asked against obtained, and what it took.

    Args:
        console: Where to.
        report: The content of `report.json`.
    """
    console.print(Group(*_parts(report)))


def _parts(report: Mapping[str, Any]) -> Iterator[RenderableType]:
    accounts = report["accounts"]
    yield _sum(accounts)
    yield _cost(report["run"], accounts["kept"])
    if report["run"]["stopped"]:
        yield Text(f"stopped before the end: {report['run']['stopped']}", style="bold yellow")
    yield Text()
    yield _funnel(report)
    for dimension in report["dimensions"]:
        if "kept_off" in dimension:
            yield Text()
            yield _dimension(dimension, report["tolerance"])


def _sum(accounts: Mapping[str, Any]) -> Text:
    told = f"{accounts['drafts']:,} wished = {accounts['kept']:,} kept + {accounts['dropped']:,} dropped"
    if accounts["adds_up"]:
        return Text.assemble(
            (f"{accounts['kept']:,} rows", "bold green"), f" from {accounts['passages']:,} passages: ", told
        )
    return Text(f"does not add up: {told.replace('=', 'against')}", style="bold red")


def _cost(run: Mapping[str, Any], num_kept: int) -> Text:
    rate = f", {num_kept / run['seconds']:.3g} rows/s" if run["seconds"] else ""
    tokens = run["prompt_tokens"] + run["completion_tokens"]
    spent = f", {run['cost']:.4g} {run['currency']}" if run["cost"] else ""
    told = f"{run['generator']}: {run['seconds']:.1f} s{rate}, {run['requests']:,} requests ({run['cached']:,} cached)"
    return Text(f"{told}, {tokens:,} tokens{spent}", style="dim")


def _funnel(report: Mapping[str, Any]) -> Table:
    """One row a stage: what is left as a bar, what was dropped, and the main reasons."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("stage", no_wrap=True)
    table.add_column("left", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("dropped", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold", style="dim")
    whole = max(1, report["accounts"]["drafts"])
    for stage in report["funnel"]:
        reasons = [f"{entry['reason']} {entry['count']:,}" for entry in stage["reasons"]]
        rest = [f"{len(reasons) - _MOST_REASONS} more"] if len(reasons) > _MOST_REASONS else []
        table.add_row(
            Text(stage["stage"]),
            _bar(stage["left"] / whole),
            Text(f"{stage['left']:,}"),
            Text(f"{stage['dropped']:,}" if stage["dropped"] else "", style="red"),
            Text(", ".join([*reasons[:_MOST_REASONS], *rest])),
        )
    return table


def _dimension(dimension: Mapping[str, Any], tolerance: float) -> Table:
    """Shares of one dimension; yellow where the rows are further from what was asked than the plan may be."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(dimension["name"].replace("_", " "), no_wrap=True, min_width=18)
    table.add_column("kept", no_wrap=True)
    for heading in ("", "wished", "asked"):
        table.add_column(heading, justify="right", no_wrap=True)
    for value in dimension["values"]:
        is_met = abs(value["kept"] - value["asked"]) <= tolerance
        table.add_row(
            Text(value["value"].replace("_", " ")),
            _bar(value["kept"]),
            Text(f"{value['kept']:.1%}", style="green" if is_met else "yellow"),
            Text(f"{value['wished']:.1%}"),
            Text(f"{value['asked']:.1%}"),
        )
    return table


def _bar(share: float) -> Text:
    """A bar of blocks that shows eighths of a character."""
    eighths = round(min(1.0, share) * _BAR * 8)
    full, rest = divmod(eighths, 8)
    return Text(("█" * full + (_BLOCKS[rest] if rest else "")).ljust(_BAR), style="cyan")
