"""`embedrank export`: a model in another format, checked in that format's own runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from embedrank.cli import options
from embedrank.cli.console import note, out, print_json, spinner
from embedrank.cli.rivals import require_own

if TYPE_CHECKING:
    from embedrank.model.export.exporting import Report


def export(
    model: Annotated[str, typer.Argument(help="Preset, folder or hub id.")],
    to: Annotated[Path, typer.Option("--to", "-o", help="New folder; for gguf a file that ends in .gguf.")],
    format: Annotated[
        str,
        typer.Option("--format", "-f", help="sentence-transformers, sequence-classification, onnx, openvino or gguf."),
    ],
    dtype: Annotated[
        str | None,
        typer.Option(help="fp32, bf16, fp16 or int8, where the format has it. Default: as stored, else fp32."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="embedder or reranker. Default: found out; of a preset what the format takes."),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(help="Smallest cosine allowed; for rerankers largest difference of probabilities."),
    ] = None,
    check_dtype: Annotated[
        str, typer.Option(help="Type in which source and export are run for the check: fp32 or bf16.")
    ] = "fp32",
    json: options.Json = False,
) -> None:
    """Write a model in another format, run it there, compare it with the source, and keep it only if they agree."""
    from embedrank.model.export.config import ExportConfig
    from embedrank.model.export.exporting import export_model

    require_own(model, what="export")
    config = ExportConfig(format=format, dtype=dtype, kind=kind, tolerance=tolerance, check_dtype=check_dtype)
    with spinner() as show:
        report = export_model(model, to, config, on_step=show)
    if json:
        print_json(report.to_mapping())
        return
    _print(report)


def _print(report: Report) -> None:
    check = report.check
    of = "min" if check.measure == "cosine" else "max"
    rows = {
        "wrote": f"{report.target} ({report.num_bytes / 1e6:.1f} MB)",
        "what": f"{report.kind} {report.model}, {report.format}, {report.dtype}",
        "run in": check.runtime,
        check.measure: f"{of} {check.worst:.6f}, mean {check.mean:.6f} over {check.num_answers} answers, "
        f"tolerance {check.tolerance:g}",
        **{f"  {way}": f"{of} {worst:.6f}" for way, worst in check.ways.items()},
    }
    width = max(map(len, rows)) + 2
    for label, value in rows.items():
        out().print(Text.assemble((label.ljust(width), "bold cyan"), value), soft_wrap=True)
    for line in check.notes:
        note(line)
