"""`embedrank models`: what is here and what can be had."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from embedrank.cli.console import out, print_json


def models(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """List the models that have a name here; any folder or hub id of the same architecture works too."""
    from embedrank.model.presets import presets

    rows = list(presets().values())
    if json:
        fields = ("name", "embedder", "reranker", "parameters", "description")
        print_json([{field: getattr(row, field) for field in fields} for row in rows])
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("name", style="bold cyan", no_wrap=True)
    table.add_column("parameters", justify="right", no_wrap=True)
    table.add_column("what it is")
    for row in rows:
        what = Text.assemble(row.description, "\n", (f"{row.embedder}\n{row.reranker}", "dim"))
        table.add_row(row.name, _parameters(row.parameters), what)
    out().print(table)
    out().print("\nUse a name, a folder or a hub id wherever a command takes --model.", style="dim")


def _parameters(count: int) -> str:
    if not count:
        return "–"
    return f"{count / 1e9:.1f}B" if count >= 1e9 else f"{count / 1e6:.1f}M"
