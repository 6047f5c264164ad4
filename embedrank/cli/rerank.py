"""`embedrank rerank`: one query, many documents, a judged order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from embedrank.cli import options
from embedrank.cli.console import counter, note, out, print_json_lines
from embedrank.cli.texts_in import read_texts
from embedrank.cli.truncated import note_truncations
from embedrank.cli.wiring import DEFAULT_MODEL, wiring_of
from embedrank.core.errors import InvalidInputError


def rerank(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="What the documents shall answer.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files with one document a line, or .jsonl. None: stdin.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "--reranker", envvar="EMBEDRANK_RERANKER", help="Preset, folder or hub id.")
    ] = DEFAULT_MODEL,
    top: Annotated[int | None, typer.Option(min=1, help="Documents to print; all by default.")] = None,
    instruction: Annotated[str | None, typer.Option(help="The task, in one English sentence.")] = None,
    dtype: options.Dtype = None,
    device: options.Device = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Stdin holds JSON objects with a field text.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Order documents from stdin or files by the probability that they answer QUERY."""
    from embedrank.search.blend import probability
    from embedrank.search.pipeline import require_query

    require_query(query)
    texts, num_blank = read_texts(files or [], jsonl=jsonl)
    if not texts:
        raise InvalidInputError("input", "holds no document")
    reranker = wiring_of(context, dtype=dtype, device=device).reranker(model)
    with counter("reranking") as tell:
        judged = reranker.judge(query, [row.text for row in texts], instruction=instruction, on_progress=tell)
    order = sorted(range(len(texts)), key=lambda place: (-float(judged.logits[place]), place))
    rows = [(texts[place], float(judged.logits[place])) for place in order[:top]]
    if num_blank:
        note(f"{num_blank} blank lines left out")
    note_truncations(judged.truncations, texts)
    if json:
        print_json_lines(
            {"rank": rank, "id": row.id, "score": probability(logit), "logit": logit, "text": row.text}
            for rank, (row, logit) in enumerate(rows, start=1)
        )
        return
    _print_table([(row.id, probability(logit), row.text) for row, logit in rows])


def _print_table(rows: list[tuple[str, float, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    table.add_column("#", justify="right", style="dim")
    table.add_column("score", justify="right", style="bold")
    table.add_column("id", overflow="fold", style="cyan")
    table.add_column("document", overflow="ellipsis", no_wrap=True, ratio=1)
    for rank, (name, score, text) in enumerate(rows, start=1):
        table.add_row(str(rank), f"{score:.4f}", Text(name), Text(" ".join(text.split())))
    out().print(table)
