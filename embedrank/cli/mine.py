"""`embedrank mine`: hard negatives for training rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from embedrank.cli import options
from embedrank.cli.console import note, out, print_json, stages
from embedrank.cli.wiring import Wiring, wiring_of
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.cli.mine_models import CountingEncoder, CountingReranker
    from embedrank.cli.mine_settings import MineSettings


def mine(
    context: typer.Context,
    rows: Annotated[
        Path, typer.Argument(help="Training rows or pairs: .jsonl, .jsonl.gz, .parquet; or a BEIR folder.")
    ],
    to: Annotated[Path, typer.Option("--to", "-o", help="Rows with negatives: .jsonl, .jsonl.gz or .parquet.")],
    corpus: Annotated[
        str | None,
        typer.Option(help="Documents: .jsonl, .parquet, a text a line, or a BEIR folder. Default: all positives."),
    ] = None,
    split: Annotated[str | None, typer.Option(help="Judgements of a BEIR folder to take. Default: train.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="Encoder: preset, folder or hub id; again for more. Default: nano."),
    ] = None,
    reranker: Annotated[str | None, typer.Option(help="Preset, folder or hub id; has a veto.")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML with these settings; options given here win.")] = None,
    num_negatives: Annotated[
        int | None, typer.Option("-n", "--num-negatives", help="For each row. Default: 7.")
    ] = None,
    min_negatives: Annotated[int | None, typer.Option(help="Rows with fewer are dropped. Default: 1.")] = None,
    window: Annotated[int | None, typer.Option(help="Documents retrieved for a query. Default: 100.")] = None,
    skip: Annotated[int | None, typer.Option(help="Best of them to pass over. Default: 3.")] = None,
    max_score: Annotated[float | None, typer.Option(help="Highest cosine with the query. Default: 0.8.")] = None,
    max_share: Annotated[
        float | None, typer.Option(help="Highest cosine as a share of the positive's. Default: 0.95.")
    ] = None,
    margin: Annotated[float | None, typer.Option(help="Least distance below the positive's cosine.")] = None,
    max_similarity: Annotated[float | None, typer.Option(help="Highest cosine with a positive.")] = None,
    max_relevance: Annotated[
        float | None, typer.Option(help="Highest reranker score; above it the veto falls. Default: 0.5.")
    ] = None,
    require_positive: Annotated[
        bool | None,
        typer.Option(
            "--require-positive/--no-require-positive",
            help="Drop rows whose positive is not found in the window. Default: yes.",
        ),
    ] = None,
    sampling: Annotated[str | None, typer.Option(help="top, random or weighted. Default: top.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Of weighted. Default: 0.05.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the draws. Default: 0.")] = None,
    existing: Annotated[
        str | None,
        typer.Option(help="Negatives that rows have: keep before mined ones, fill up, or replace. Default: keep."),
    ] = None,
    instruction: Annotated[str | None, typer.Option(help="Task of rows without one. Default: none, raw.")] = None,
    dim: options.Dim = None,
    dtype: options.Dtype = None,
    device: options.Device = None,
    restart: Annotated[bool, typer.Option("--restart", help="Throw away what a killed run left.")] = False,
    json: options.Json = False,
) -> None:
    """Find hard negatives for training rows, and tell what was dropped and why. Run again after a kill: it goes on."""
    from embedrank.cli.mine_settings import mine_settings

    given = {
        "corpus": corpus,
        "split": split,
        "model": model or None,
        "reranker": reranker,
        "num_negatives": num_negatives,
        "min_negatives": min_negatives,
        "window": window,
        "skip": skip,
        "max_score": max_score,
        "max_share": max_share,
        "margin": margin,
        "max_similarity": max_similarity,
        "max_relevance": max_relevance,
        "require_positive": require_positive,
        "sampling": sampling,
        "temperature": temperature,
        "seed": seed,
        "existing": existing,
        "instruction": instruction,
        "dim": dim,
    }
    wiring = wiring_of(context, dtype=dtype, device=device)
    report = _run(rows, to, mine_settings(config, given), wiring, dtype=dtype, restart=restart)
    if json:
        print_json(report)
    else:
        _show(report, to)


def _run(
    rows: Path, to: Path, settings: MineSettings, wiring: Wiring, *, dtype: str | None, restart: bool
) -> dict[str, Any]:
    from embedrank.cli.mine_corpus import corpus_file, read_corpus, stamp
    from embedrank.training.negatives.mining import MiningTask
    from embedrank.training.negatives.mining import mine as mine_rows
    from embedrank.training.negatives.row_source import RowSource

    documents = corpus_file(None if settings.corpus is None else Path(settings.corpus), rows)
    if to.resolve() in (rows.resolve(), documents and documents.resolve()):
        raise InvalidInputError(str(to), "is an input", hint="choose another name")
    if not rows.exists():
        raise InvalidInputError(str(rows), "no such file or folder")
    models, source = _Models(wiring), RowSource(rows, settings.split)
    task = MiningTask(
        rows=source.read,
        corpus=None if documents is None else partial(read_corpus, documents),
        encoders={name: partial(models.encoder, name) for name in settings.model},
        reranker=None if settings.reranker is None else partial(models.reranker, settings.reranker),
        inputs={
            "rows": stamp(rows),
            "corpus": None if documents is None else stamp(documents),
            "split": settings.split if rows.is_dir() else None,
            "reranker": settings.reranker,
            "dtype": dtype,
        },
        left_out=source.left_out,
    )
    with stages() as tell:
        report = mine_rows(task, to, settings.negatives, tell=tell, restart=restart)
    models.note_truncated()
    for reason, count in source.left_out.items():
        note(f"left out: {count} {reason}")
    return report


class _Models:
    """The models that were loaded, by name."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._loaded: dict[str, CountingEncoder | CountingReranker] = {}

    def encoder(self, name: str) -> CountingEncoder:
        from embedrank.cli.mine_models import CountingEncoder

        self._loaded[name] = encoder = CountingEncoder(self._wiring.embedder(name))
        return encoder

    def reranker(self, name: str) -> CountingReranker:
        from embedrank.cli.mine_models import CountingReranker

        self._loaded[f"reranker {name}"] = reranker = CountingReranker(self._wiring.reranker(name))
        return reranker

    def note_truncated(self) -> None:
        for name, model in self._loaded.items():
            if model.num_truncated:
                note(f"{name} read only the beginning of {model.num_truncated} of {model.num_texts} texts")


def _show(report: Mapping[str, Any], to: Path) -> None:
    from embedrank.training.negatives.output import provenance_path, report_path

    console = out()
    lines = {
        f"{report['num_rows_written']} of {report['num_rows']} rows": report["rows"],
        f"{report['num_negatives_mined']} negatives of {sum(report['documents'].values())} documents found": report[
            "documents"
        ],
        "negatives that the rows had": report["written_negatives"],
    }
    for title, counts in lines.items():
        shown = {reason: count for reason, count in counts.items() if count}
        if shown:
            console.print(Text(title, style="bold"), soft_wrap=True)
        for reason, count in shown.items():
            console.print(Text(f"{count:>10}  {reason}"), soft_wrap=True)
    for what in ("kept_ranks", "kept_scores", "positive_scores"):
        spread = ", ".join(f"{name} {value:g}" for name, value in report[what].items())
        if spread:
            console.print(Text(f"{what.replace('_', ' ')}: {spread}", style="dim"), soft_wrap=True)
    note(f"wrote {to}, {provenance_path(to).name}, {report_path(to).name}")
