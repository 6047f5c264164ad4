"""`embedrank eval`: models on local sets, one or many, and results beside the paper's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from embedrank.cli import options
from embedrank.cli.closer_look import CloserLook, look_closer
from embedrank.cli.console import note, out, print_json
from embedrank.cli.eval_models import kept_models
from embedrank.cli.eval_paper import show_comparison
from embedrank.cli.eval_plan import EvalPlan
from embedrank.cli.eval_set import measure_set
from embedrank.cli.eval_suite import run_suite, sets_in
from embedrank.cli.evaluate_mteb import evaluate_mteb
from embedrank.cli.render_settings import rival_lines, shown
from embedrank.cli.trial import Trial
from embedrank.cli.wiring import DEFAULT_MODEL, Wiring, wiring_of
from embedrank.core.errors import InvalidInputError


def evaluate(
    context: typer.Context,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of a BEIR set, or of SPLIT.jsonl with pairs or labelled texts; repeat it for a table."
        ),
    ] = None,
    all_sets: Annotated[Path | None, typer.Option("--all", help="Measure every set in this folder.")] = None,
    split: Annotated[
        str, typer.Option(help="Name of the qrels or pair file; of several sets also NAME.PART.")
    ] = "test",
    task: Annotated[str | None, typer.Option(help="What to measure by. Default: what suits the folder.")] = None,
    prompts: Annotated[
        str, typer.Option(help="Before candidates of reranking: report instructs them, mteb leaves them raw.")
    ] = "report",
    candidates: Annotated[
        Path | None, typer.Option(help="TREC run to rerank; where it is not there, the first stage writes it.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table over several sets into this file as well.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="Folder where reports and vectors stay, so that a run goes on where it stopped.")
    ] = None,
    trained_on: Annotated[
        Path | None, typer.Option(help="Training rows (jsonl): what they share with the sets is told first.")
    ] = None,
    compare_paper: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Hold --results (mteb's, or our --json) against the report's; also: ablation."
        ),
    ] = None,
    embedder: Annotated[
        str | None,
        typer.Option(
            "--embedder",
            "--model",
            help="Preset, folder, hub id, st:... or openai:...; alone: dense only. [EMBEDRANK_MODEL]",
        ),
    ] = None,
    reranker: Annotated[str | None, typer.Option(help="Preset, folder, hub id, ce:... or rerank:....")] = None,
    no_rerank: options.NoRerank = False,
    lexical: Annotated[bool, typer.Option("--lexical", help="BM25; alone: nothing else, no model is loaded.")] = False,
    fuse: Annotated[bool, typer.Option("--fuse", help="BM25, dense and both fused.")] = False,
    bm25s: Annotated[bool, typer.Option("--bm25s", help="Rows of the bm25s library beside our BM25.")] = False,
    rival: Annotated[
        list[str] | None,
        typer.Option(help="A further model in the table, named as those; repeat it for more."),
    ] = None,
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
    max_queries: Annotated[
        int | None, typer.Option(min=1, help="Measure a seeded sample of so many queries of each split.")
    ] = None,
    max_set_queries: Annotated[
        int | None, typer.Option(min=1, help="With several sets: so many of a set, in equal shares of its splits.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 0,
    dtype: options.Dtype = None,
    device: options.Device = None,
    runs: Annotated[Path | None, typer.Option(help="Folder for TREC run files, one a system.")] = None,
    curves: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Plot quality against dimensions, bytes, reranked depth and latency into this folder.",
        ),
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page of the worst queries, stage by stage (HTML).")
    ] = None,
    worst: Annotated[int, typer.Option(min=1, help="Queries that --errors shows with texts.")] = 100,
    benchmark: Annotated[
        str | None, typer.Option(help='Run a benchmark of mteb, such as "MTEB(eng, v2)", instead of local sets.')
    ] = None,
    tasks: Annotated[
        str | None, typer.Option(help="Tasks of the benchmark, with commas between. Default: all.")
    ] = None,
    through_mteb: Annotated[
        bool, typer.Option("--through-mteb", help="Let mteb's evaluator measure the BEIR set.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Measure models on local sets: retrieval, reranking, similarity, classification, clustering, bitext mining.

    What a folder holds is recognised. Search is measured as BM25, dense, fused, and fused with the reranker on top;
    --embedder, --lexical and --fuse choose among them. The figures on top of the JSON are those of the last system of
    the table. nDCG is trec_eval's, with linear gains; MAP counts the first --recall documents.
    """
    from embedrank.search.config import SearchConfig

    if compare_paper is not None:
        show_comparison(compare_paper, results, as_json=json)
        return
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
    by_mteb = benchmark is not None or tasks is not None or through_mteb
    look = CloserLook(curves=curves, errors=errors, num_worst=worst, by_mteb=by_mteb)
    _refuse_rivals(context, look)
    folders, passed_over = ([], []) if by_mteb else _folders(data, all_sets)
    is_suite = not look and (all_sets is not None or len(folders) > 1)
    _refuse_suite_options(not is_suite and bool(markdown or max_set_queries))
    _require_choices(task, prompts, runs, results)
    wiring = wiring_of(context, dtype=dtype, device=device)
    name = None if mode == "lexical" else embedder or os.environ.get("EMBEDRANK_MODEL") or DEFAULT_MODEL
    judge = None if no_rerank else reranker or (_partner(wiring, name) if not (embedder or lexical or fuse) else None)
    extra = _checked_for_overlap(trained_on, folders)
    with kept_models(wiring, results) as kept:
        plan = EvalPlan(
            trial=Trial(embedder=name, reranker=judge, config=config, weights=weights[:-1], bm25s=bm25s),
            wiring=kept,
            split=split,
            task=task,
            protocol=prompts,
            corpus_prefix=corpus_prefix,
            max_queries=max_queries,
            max_set_queries=max_set_queries,
            seed=seed,
            candidates=candidates,
            runs=runs,
            rivals=tuple(dict.fromkeys(rival or ())),
        )
        if look:
            look_closer(folders, plan, look, extra=extra, as_json=json)
        elif by_mteb:
            evaluate_mteb(context, plan)
        elif is_suite:
            run_suite(folders, plan, passed_over, results=results, extra=extra, markdown=markdown, as_json=json)
        else:
            _show_one(folders[0], plan, extra=extra, json=json)


def _refuse_suite_options(when: bool) -> None:
    if when:
        raise InvalidInputError("--markdown and --max-set-queries", "are for tables over several sets")


def _refuse_rivals(context: typer.Context, look: CloserLook) -> None:
    """Where rivals have no part, that is said instead of leaving them out."""
    asked = context.params
    if asked["bm25s"] and (look.by_mteb or look):
        raise InvalidInputError("--bm25s", "has rows in tables of local sets only", hint="leave it away here")
    if asked["rival"] and look.errors is not None and look.curves is None:
        raise InvalidInputError("--rival", "has no part in --errors", hint="name it with --embedder or --reranker")


def _show_one(folder: Path, plan: EvalPlan, *, extra: Mapping[str, Any], json: bool) -> None:
    from embedrank.cli.render_report import report_table
    from embedrank.evaluation.folder_contents import RERANKING, recognise

    contents = recognise(folder, plan.split)
    task = contents.chosen(plan.task or (RERANKING if plan.candidates else None), folder)
    report = measure_set(folder, plan.split, task, plan)
    if json:
        print_json({**report.content, "contents": contents.contents, **extra})
        return
    console = out()
    console.print(Text(report.title, style="bold"))
    console.print(report_table(report.scores))
    possible = [name for name in contents.possible if name != task]
    also = f"; also possible: --task {', '.join(possible)}" if possible else ""
    settings = dict(report.content["settings"])
    timed = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in settings.pop("timings_s").items())
    others = settings.pop("rivals", {})
    found = f"the folder holds {contents.contents}, measured by {task.replace('_', ' ')}{also}"
    lines = [f"{shown(settings)}; {timed}", *rival_lines(settings, others)]
    for line in [found, *report.content["notes"], *lines]:
        note(line)


def _checked_for_overlap(trained_on: Path | None, folders: Sequence[Path]) -> dict[str, Any]:
    """What the sets share with training rows, told before anything is measured."""
    if trained_on is None:
        return {}
    from embedrank.evaluation.contamination import contamination

    found = contamination(trained_on, folders)
    for finding in found:
        note(finding.sentence)
    return {"contamination": [finding.as_json() for finding in found]}


def _partner(wiring: Wiring, embedder: str | None) -> str | None:
    return None if embedder is None else wiring.partner(embedder)


def _folders(data: Sequence[Path] | None, all_sets: Path | None) -> tuple[list[Path], list[str]]:
    """The sets, and a line for each folder that is none."""
    found, passed_over = sets_in(all_sets) if all_sets else ([], [])
    folders = [*(data or ()), *found]
    if not folders:
        raise InvalidInputError("--data", "is missing", hint="name a folder, or several with --all")
    return list(dict.fromkeys(folders)), passed_over


def _require_choices(task: str | None, prompts: str, *folders: Path | None) -> None:
    from embedrank.evaluation.folder_contents import require_task
    from embedrank.evaluation.instructions import Prompting

    Prompting(protocol=prompts)
    if task is not None:
        require_task(task)
    for folder in folders:
        if folder is not None and not folder.is_dir():
            raise InvalidInputError(str(folder), "no such folder")
