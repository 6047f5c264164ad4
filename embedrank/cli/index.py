"""`embedrank index`: files and folders into an index; again brings it up to date."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from embedrank.cli import options
from embedrank.cli.console import counter, err, out, print_json
from embedrank.cli.wiring import DEFAULT_MODEL, wiring_of
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.index.builder import IndexReport
    from embedrank.search.stats import IndexStats

_SHOWN_SKIPPED: Final = 10


def index(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(help="Files and folders: text, Markdown, HTML, PDF, DOCX, CSV, JSONL, code.")
    ],
    to: Annotated[str, typer.Option("--to", "-o", envvar="EMBEDRANK_INDEX", help="Folder of the index.")],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            envvar="EMBEDRANK_MODEL",
            help="Preset, folder or hub id. Default: what the index was built with, else nano.",
        ),
    ] = None,
    dim: Annotated[int | None, typer.Option("--dim", help="Vector dimensions to store. Default: all.")] = None,
    dtype: options.Dtype = None,
    device: options.Device = None,
    json: options.Json = False,
) -> None:
    """Read, cut, embed and store documents. Run it again to take in changes; it resumes where it was interrupted."""
    from embedrank.search.index import SearchIndex
    from embedrank.search.opening import built_with, exists, local_folder

    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise InvalidInputError(str(path), "there is no such file or folder")
    folder = local_folder(to)
    name = model or (built_with(folder) if exists(folder) else DEFAULT_MODEL)
    embedder = wiring_of(context, dtype=dtype, device=device).embedder(name)
    with SearchIndex.open(folder, embedder=embedder, dim=dim) as searched:
        with counter("indexing") as tell:
            report = searched.add_paths(paths, tell)
        stats = searched.stats()
    if json:
        print_json(_as_json(report, stats))
    else:
        _show(report, stats)


def _as_json(report: IndexReport, stats: IndexStats) -> dict[str, object]:
    return {
        "index": stats.path,
        "model": stats.model,
        "dim": stats.dim,
        "num_documents": stats.num_documents,
        "num_chunks": stats.num_chunks,
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "skipped": [{"name": item.name, "reason": item.reason} for item in report.skipped],
        "seconds": round(report.seconds, 3),
    }


def _show(report: IndexReport, stats: IndexStats) -> None:
    done = {"added": report.added, "updated": report.updated, "unchanged": report.unchanged, "removed": report.removed}
    words = ", ".join(f"{count} {what}" for what, count in done.items() if count) or "nothing to do"
    console = out()
    console.print(Text(f"{words} in {report.seconds:.1f} s"), soft_wrap=True)
    size = f"{stats.num_documents} documents, {stats.num_chunks} chunks, {stats.dim} dimensions"
    console.print(Text(f"{stats.path}: {size}, {stats.model}", style="dim"), soft_wrap=True)
    if report.skipped:
        _show_skipped(report)


def _show_skipped(report: IndexReport) -> None:
    """What was left out, on stderr: the first of it by name, all of it by reason."""
    console = err()
    for item in report.skipped[:_SHOWN_SKIPPED]:
        console.print(Text.assemble(("skipped ", "yellow"), f"{item.name}: {item.reason}"), soft_wrap=True)
    if len(report.skipped) > _SHOWN_SKIPPED:
        reasons = Counter(item.reason for item in report.skipped).most_common(5)
        listed = ", ".join(f"{count} {reason}" for reason, count in reasons)
        console.print(Text(f"skipped {len(report.skipped)} in all: {listed}", style="yellow"), soft_wrap=True)
