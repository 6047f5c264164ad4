"""`embedrank embed`: texts in, vectors out, however many."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embedrank.cli import options
from embedrank.cli.bulk_bar import bulk_bar
from embedrank.cli.bulk_pool import pool_for
from embedrank.cli.console import note
from embedrank.cli.wiring import DEFAULT_MODEL, wiring_of
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.engine.bulk.run import BulkReport


def embed(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Files with one text a line, .jsonl, either of them .gz, or .parquet. None: stdin."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help=".npy, .parquet, .jsonl or .lance. None: jsonl to stdout."),
    ] = None,
    model: Annotated[str, typer.Option(envvar="EMBEDRANK_MODEL", help="Preset, folder or hub id.")] = DEFAULT_MODEL,
    query: Annotated[
        bool, typer.Option("--query", help="The texts are queries: put the instruction in front.")
    ] = False,
    instruction: Annotated[str | None, typer.Option(help="The task of the queries, in one English sentence.")] = None,
    dim: Annotated[int | None, typer.Option(help="Leading dimensions to keep (renormalised).")] = None,
    store_dtype: Annotated[str, typer.Option(help="Numbers on disk: float32 or float16.")] = "float32",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Stdin holds JSON objects with a field text.")] = False,
    text_field: Annotated[
        str | None, typer.Option(help="Field or column of the text. Default: text, query or content.")
    ] = None,
    id_field: Annotated[str | None, typer.Option(help="Field or column of the name. Default: _id or id.")] = None,
    title_field: Annotated[
        str | None, typer.Option(help="Field or column put before the text. Default: title.")
    ] = None,
    dtype: options.Dtype = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes, each with its own model. Default: 1.")] = None,
    devices: Annotated[
        str | None, typer.Option(help="Devices of the processes in turn, such as cuda:0,cuda:1. Default: the fastest.")
    ] = None,
    ray: Annotated[
        str | None, typer.Option(help="Compute on Ray: local, auto, or HOST:PORT. With --workers actors.")
    ] = None,
    chunk: Annotated[
        int, typer.Option(min=1, help="Texts that a process computes, and a kill can lose, at a time.")
    ] = 1024,
    restart: Annotated[
        bool, typer.Option("--restart", help="Throw away what a killed run left, instead of going on.")
    ] = False,
) -> None:
    """Embed texts from stdin or files into npy, parquet, jsonl or Lance. Run it again after a kill: it goes on."""
    from embedrank.engine.bulk.config import BulkConfig
    from embedrank.engine.bulk.finishing import require_writable
    from embedrank.engine.bulk.input_text import Fields
    from embedrank.engine.bulk.run import encode_to_file, encode_to_lines
    from embedrank.engine.bulk.source import TextSource

    if out is not None:
        require_writable(out)
    if instruction is not None and not query:
        raise InvalidInputError("--instruction", "documents take no instruction", hint="add --query")
    if ray is not None and out is None:
        raise InvalidInputError("--ray", "needs --out", hint="Ray itself says things on stdout")
    config = BulkConfig(query=query, instruction=instruction, dim=dim, store_dtype=store_dtype, chunk_texts=chunk)
    source = TextSource(files or [], jsonl=jsonl, fields=Fields.named(text_field, id_field, title_field))
    wiring = wiring_of(context, dtype=dtype)
    pool = pool_for(wiring, model, config, dtype=dtype, workers=workers, devices=devices, ray=ray)
    with bulk_bar() as tell:
        if out is None:
            report = encode_to_lines(source, sys.stdout.writelines, pool, config, tell=tell)
        else:
            report = encode_to_file(source, out, pool, config, tell=tell, restart=restart)
    _note(report, out)


def _note(report: BulkReport, out: Path | None) -> None:
    done = report.progress
    if report.num_resumed:
        note(f"went on after {report.num_resumed} rows of an earlier run")
    if done.num_blank:
        note(f"{done.num_blank} blank lines left out")
    if done.num_truncated:
        more = done.num_truncated - len(done.truncated)
        shown = ", ".join(done.truncated) + (f" and {more} more" if more else "")
        note(f"truncated {done.num_truncated} of {done.num_rows} texts: {shown}")
    if done.num_distinct < done.num_rows:
        note(f"{done.num_rows} texts, {done.num_distinct} distinct computed")
    if out is not None:
        note(f"{done.num_rows} vectors of {report.width} dimensions, {done.num_tokens} tokens -> {out}")
