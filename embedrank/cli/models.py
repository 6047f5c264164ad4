"""`embedrank models`: what is here and what can be had."""

from __future__ import annotations

from typing import Annotated

import typer

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
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("name", style="bold cyan", no_wrap=True)
    for column in ("embedder", "reranker", "parameters", "what it is"):
        table.add_column(column, overflow="fold", justify="right" if column == "parameters" else "left")
    for row in rows:
        table.add_row(row.name, str(row.embedder), str(row.reranker), _millions(row.parameters), row.description)
    out().print(table)
    out().print("\nUse a name, a folder or a hub id wherever a command takes --model.", style="dim")


def _millions(parameters: object) -> str:
    if not isinstance(parameters, int):
        return str(parameters)
    return f"{parameters / 1e9:.1f}B" if parameters >= 1e9 else f"{parameters / 1e6:.1f}M"
