"""`embedrank demo`: the main job on the bundled corpus, with the bundled models, without a network."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from embedrank.cli import options
from embedrank.cli.console import counter, out, progress
from embedrank.cli.wiring import DEFAULT_MODEL, wiring_of
from embedrank.core.errors import DatasetError

if TYPE_CHECKING:
    from rich.console import Console

    from embedrank.evaluation.beir import BeirSet
    from embedrank.search.index import SearchIndex

SPLIT: Final = "test"
_SHOWN_WORDS: Final = 6


def demo(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option("--to", help="Keep the index in this folder. Default: a temporary one.")
    ] = None,
    model: options.Model = DEFAULT_MODEL,
    reranker: options.Reranker = None,
) -> None:
    """Index the bundled documents, search them in two stages, show what each stage did, and measure it."""
    from embedrank.evaluation.beir import load_beir
    from embedrank.search.index import SearchIndex

    wiring, console = wiring_of(context), out()
    with ExitStack() as stack:
        data = stack.enter_context(resources.as_file(resources.files("embedrank") / "data" / "demo"))
        dataset = load_beir(data, SPLIT)
        folder = to or Path(stack.enter_context(TemporaryDirectory(prefix="embedrank-demo-"))) / "index"
        encoder = wiring.embedder(model)
        judge = wiring.reranker_for(model, reranker)
        index = stack.enter_context(SearchIndex.open(folder, embedder=encoder, reranker=judge))
        start = time.perf_counter()
        with counter("indexing") as tell:
            index.add(dataset.documents, tell)
        _announce(console, index, time.perf_counter() - start)
        _show_queries(console, index, dataset, showcase(data / "showcase.json"))
        _measure(console, index, dataset)
    _next_steps(console, to)


def showcase(path: Path) -> list[Mapping[str, str]]:
    """The queries to show, each with why it is shown.

    Args:
        path: JSON array of objects with `query_id`, `query` and `reason`.

    Returns:
        The objects.

    Raises:
        DatasetError: If the file is not there or not so.
    """
    import json

    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [{field: str(row[field]) for field in ("query_id", "query", "reason")} for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(path, f"is not a list of showcase queries: {error}") from error


def _announce(console: Console, index: SearchIndex, seconds: float) -> None:
    stats = index.stats()
    line = f"{stats.num_documents} documents in {stats.num_chunks} chunks, {stats.dim} dimensions, in {seconds:.1f} s"
    console.print(Text.assemble(("Indexed ", "bold"), line))


def _show_queries(console: Console, index: SearchIndex, dataset: BeirSet, queries: Sequence[Mapping[str, str]]) -> None:
    from embedrank.cli.render_stages import stage_table
    from embedrank.search.config import SearchConfig
    from embedrank.search.explain import why

    for row, ranking in zip(queries, index.rank_many([row["query"] for row in queries], SearchConfig()), strict=True):
        console.print()
        console.print(Text(row["query"], style="bold"))
        console.print(Text(row["reason"], style="dim"))
        gold = {name for name, grade in dataset.qrels.get(row["query_id"], {}).items() if grade > 0}
        console.print(stage_table(ranking, gold=gold, chunks=index.pipeline.chunks))
        for hit in index.hits(ranking, top=1):
            words = dict.fromkeys(hit.text[low:high].casefold() for low, high in hit.highlights)
            shared = f"; words in common: {', '.join(list(words)[:_SHOWN_WORDS])}" if words else "; no word in common"
            console.print(Text(f"first because {why(hit.stages)}{shared}", style="dim"))


def _measure(console: Console, index: SearchIndex, dataset: BeirSet) -> None:
    from embedrank.cli.render_report import report_table
    from embedrank.evaluation.report import score_systems
    from embedrank.evaluation.run import document_run
    from embedrank.search.config import SearchConfig
    from embedrank.search.ranking import document_of
    from embedrank.search.trial import staged_runs

    with progress("searching", len(dataset.queries)) as advance:
        staged = staged_runs(index.pipeline, dataset.queries, SearchConfig(), on_query=lambda: advance(1))
    runs = {name: document_run(rows, document_of) for name, rows in staged.items()}
    console.print()
    console.print(Text(f"All {len(dataset.queries)} bundled queries, judged", style="bold"))
    console.print(report_table(score_systems(dataset, runs)))


def _next_steps(console: Console, kept: Path | None) -> None:
    console.print()
    if kept is not None:
        console.print(
            Text(f'Search this index:  embedrank search "why does tin make noise" --in {kept}'), soft_wrap=True
        )
    console.print(Text("Your own files:     embedrank index docs/ --to my-index"))
    console.print(Text('Then ask:           embedrank search "your question" --in my-index'))
