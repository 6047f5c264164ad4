"""`embedrank embed`: texts in, vectors out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from embedrank.cli.console import note, progress
from embedrank.cli.texts_in import InputText, read_texts
from embedrank.cli.truncated import note_truncations
from embedrank.cli.vectors_out import NamedVectors, require_writable, write_vectors
from embedrank.cli.wiring import DEFAULT_MODEL, wiring_of
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedrank.cli.wiring import NamedEncoder
    from embedrank.core.types import Encoded, Truncation

TEXTS_PER_BATCH: Final = 256


def embed(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files with one text a line, or .jsonl. None: stdin.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File .jsonl, .npy or .parquet. None: jsonl to stdout.")
    ] = None,
    model: Annotated[str, typer.Option(envvar="EMBEDRANK_MODEL", help="Preset, folder or hub id.")] = DEFAULT_MODEL,
    query: Annotated[
        bool, typer.Option("--query", help="The texts are queries: put the instruction in front.")
    ] = False,
    instruction: Annotated[str | None, typer.Option(help="The task of the queries, in one English sentence.")] = None,
    dim: Annotated[int | None, typer.Option(help="Leading dimensions to keep (renormalised).")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Stdin holds JSON objects with a field text.")] = False,
) -> None:
    """Embed texts from stdin or files into jsonl, npy or parquet."""
    if out is not None:
        require_writable(out)
    if instruction is not None and not query:
        raise InvalidInputError("--instruction", "documents take no instruction", hint="add --query")
    texts, num_blank = read_texts(files or [], jsonl=jsonl)
    if not texts:
        raise InvalidInputError("input", "holds no text")
    batch = _encode(wiring_of(context).embedder(model), texts, query=query, instruction=instruction, dim=dim)
    write_vectors(batch, out)
    if num_blank:
        note(f"{num_blank} blank lines left out")
    note_truncations(batch.truncations, texts)
    if out is not None:
        note(f"{len(texts)} vectors of {batch.vectors.shape[1]} dimensions, {sum(batch.num_tokens)} tokens -> {out}")


def _encode(
    encoder: NamedEncoder, texts: Sequence[InputText], *, query: bool, instruction: str | None, dim: int | None
) -> NamedVectors:
    import numpy as np

    parts: list[Encoded] = []
    cuts: list[Truncation] = []
    with progress("embedding", len(texts)) as advance:
        for start in range(0, len(texts), TEXTS_PER_BATCH):
            batch = [row.text for row in texts[start : start + TEXTS_PER_BATCH]]
            if query:
                parts.append(encoder.encode_queries_reported(batch, instruction=instruction, dim=dim))
            else:
                parts.append(encoder.encode_documents_reported(batch, dim=dim))
            cuts.extend(replace(cut, index=cut.index + start) for cut in parts[-1].truncations)
            advance(len(batch))
    return NamedVectors(
        ids=[row.id for row in texts],
        vectors=np.concatenate([part.vectors for part in parts]),
        num_tokens=[count for part in parts for count in part.num_tokens],
        truncations=cuts,
    )
