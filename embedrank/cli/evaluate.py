"""`embedrank eval`: BM25, dense, fused and reranked on a BEIR folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from embedrank.cli import options
from embedrank.cli.console import note, out, print_json
from embedrank.cli.trial import Outcome, Trial, run_trial
from embedrank.cli.wiring import DEFAULT_MODEL, Wiring, wiring_of
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.evaluation.beir import BeirSet

WHOLE_CORPUS: Final = "all"


def evaluate(
    context: typer.Context,
    data: Annotated[Path, typer.Option(help="BEIR folder: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv; .gz too.")],
    split: Annotated[str, typer.Option(help="Name of the qrels file.")] = "test",
    embedder: Annotated[
        str | None,
        typer.Option("--embedder", "--model", help="Preset, folder or hub id; alone: dense only. [EMBEDRANK_MODEL]"),
    ] = None,
    reranker: Annotated[str | None, typer.Option(help="Preset, folder or hub id.")] = None,
    no_rerank: options.NoRerank = False,
    lexical: Annotated[bool, typer.Option("--lexical", help="BM25; alone: nothing else, no model is loaded.")] = False,
    fuse: Annotated[bool, typer.Option("--fuse", help="BM25, dense and both fused.")] = False,
    recall: options.Recall = 100,
    fusion: options.Fusion = None,
    dense_weight: options.DenseWeight = None,
    lexical_weight: options.LexicalWeight = None,
    rerank_depth: options.RerankDepth = 30,
    rerank_weight: Annotated[
        list[float] | None, typer.Option(help="Share of the reranker, 0..1; repeat it for a row each.")
    ] = None,
    blend: options.Blend = None,
    dim: options.Dim = None,
    instruction: options.Instruction = None,
    corpus_prefix: Annotated[
        str | None,
        typer.Option(help="Keep documents whose id starts so; 'all' keeps all. Default: what all judged ids share."),
    ] = None,
    max_queries: Annotated[int | None, typer.Option(min=1, help="Measure a seeded sample of so many queries.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 0,
    dtype: options.Dtype = None,
    device: options.Device = None,
    runs: Annotated[Path | None, typer.Option(help="Folder for TREC run files, one a system.")] = None,
    json: options.Json = False,
) -> None:
    """Measure search on a BEIR folder: BM25, dense, fused, and fused with the reranker on top.

    Without --embedder, --lexical or --fuse all four are measured. The figures on top of the JSON are those of the last
    system of the table. nDCG is trec_eval's, with linear gains; MAP counts the first --recall documents.
    """
    from embedrank.search.config import SearchConfig

    weights = rerank_weight or []
    mode = "fused" if fuse or bool(embedder) == lexical else "lexical" if lexical else "dense"
    config = SearchConfig(
        top=1,
        recall=recall,
        mode=mode,
        fusion=fusion,
        dense_weight=dense_weight,
        lexical_weight=lexical_weight,
        rerank_depth=rerank_depth,
        rerank_weight=weights[-1] if weights else None,
        blend=blend,
        dim=dim,
        instruction=instruction,
    )
    _require_folder(runs)
    wiring = wiring_of(context, dtype=dtype, device=device)
    whole_table = not (embedder or lexical or fuse)
    name = None if mode == "lexical" else embedder or os.environ.get("EMBEDRANK_MODEL") or DEFAULT_MODEL
    judge = None if no_rerank else reranker or (_partner(wiring, name) if whole_table else None)
    dataset = load(data, split, corpus_prefix=corpus_prefix, max_queries=max_queries, seed=seed)
    trial = Trial(embedder=name, reranker=judge, config=config, weights=weights[:-1])
    report(dataset, run_trial(trial, dataset, wiring), runs=runs, json=json)


def load(folder: Path, split: str, *, corpus_prefix: str | None, max_queries: int | None, seed: int) -> BeirSet:
    """Read a split and cut it as asked.

    Args:
        folder: The BEIR folder.
        split: Name of the qrels file.
        corpus_prefix: What ids must start with; `all` for the whole corpus; None for what all judged ids share.
        max_queries: Size of the sample; None for all queries.
        seed: Of the sample.

    Returns:
        The set, which tells what was cut.
    """
    from embedrank.evaluation.beir import load_beir
    from embedrank.evaluation.subset import sample_queries, shared_prefix, with_prefix

    dataset = load_beir(folder, split)
    prefix = shared_prefix(dataset) if corpus_prefix is None else corpus_prefix
    if prefix and prefix != WHOLE_CORPUS:
        dataset = with_prefix(dataset, prefix)
    return dataset if max_queries is None else sample_queries(dataset, max_queries, seed=seed)


def report(dataset: BeirSet, outcome: Outcome, *, runs: Path | None, json: bool) -> None:
    """Score the runs and print them.

    Args:
        dataset: The judged queries.
        outcome: The runs.
        runs: Folder for TREC run files, if wanted.
        json: Whether stdout gets one JSON object instead of a table.
    """
    from embedrank.cli.render_report import report_table
    from embedrank.evaluation.report import as_json, notes, score_systems
    from embedrank.evaluation.run import write_trec_run

    scores = score_systems(dataset, outcome.runs)
    for system, run in outcome.runs.items() if runs else ():
        write_trec_run(run, Path(runs or ".") / f"{system.replace(' ', '-')}.run", tag=system)
    said = [*notes(dataset), *outcome.notes]
    if json:
        settings = {**outcome.settings, "timings_s": dict(outcome.timings_s)}
        print_json({**as_json(dataset, scores, settings=settings), "notes": said})
        return
    console = out()
    title = f"{dataset.folder.name} {dataset.split}: {len(dataset.queries)} queries, {len(dataset.documents)} documents"
    console.print(Text(title, style="bold"))
    console.print(report_table(scores))
    timed = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in outcome.timings_s.items())
    settings_line = ", ".join(f"{name} {value}" for name, value in outcome.settings.items() if value is not None)
    for line in [*said, f"{settings_line}; {timed}"]:
        note(line)


def _partner(wiring: Wiring, embedder: str | None) -> str | None:
    return None if embedder is None else wiring.partner(embedder)


def _require_folder(folder: Path | None) -> None:
    if folder is not None and not folder.is_dir():
        raise InvalidInputError(str(folder), "no such folder")
