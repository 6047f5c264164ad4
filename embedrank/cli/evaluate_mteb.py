"""`embedrank eval --benchmark` and `--through-mteb`: our models in mteb's evaluator."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.text import Text

from embedrank.cli.beir_set import beir_title, load
from embedrank.cli.console import note, out, print_json
from embedrank.cli.eval_plan import EvalPlan, prompting_of
from embedrank.cli.mteb_stages import Stage, dense_stage, rerank_stage
from embedrank.core.errors import InvalidInputError
from embedrank.core.packages import require_packages
from embedrank.core.prompts import REPORT_RERANK_INSTRUCTION

if TYPE_CHECKING:
    from mteb.abstasks.abstask import AbsTask

    from embedrank.cli.model_protocols import NamedEncoder
    from embedrank.evaluation.beir import BeirSet
    from embedrank.evaluation.mteb.task_prompt import TaskPrompt

DENSE, RERANKED = "dense", "dense+rerank"
PUBLISHED_DEPTH: Final = 100  # candidates that the published runs of the rerankers read
_NOT_FOR_MTEB: Final = (
    *("lexical", "fuse", "recall", "fusion", "dense_weight", "lexical_weight", "rerank_weight", "blend"),
    *("runs", "task", "candidates", "trained_on", "all_sets"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MtebTrial:
    """What is measured.

    Attributes:
        benchmark: Name in mteb; None where a local set is run.
        tasks: Narrows the benchmark; empty for all.
        dataset: A local set; None where a benchmark is run.
        reranker: Name of the reranker of a second stage; None for the embedder alone.
        depth: Candidates that the reranker reads for each query.
    """

    benchmark: str | None
    tasks: Sequence[str]
    dataset: BeirSet | None
    reranker: str | None
    depth: int


def evaluate_mteb(context: typer.Context, plan: EvalPlan) -> None:
    """Run a benchmark, or a local set, through mteb's evaluator and print the scores.

    Args:
        context: Of the command, with its options.
        plan: The choices that are the same for local sets.

    Raises:
        InvalidInputError: If options do not go together, or benchmark, task or protocol are unknown.
    """
    require_packages("evaluation through mteb", "mteb", extra="evaluation")
    trial = _trial(context, plan)
    with _results_folder(context.params["results"], trial) as to:
        _prepare_libraries(to)
        done, prompts = _run(trial, plan, to)
        from embedrank.evaluation.mteb.report import notes

        systems = {name: stage.scores for name, stage in done.items()}
        said = [*_data_notes(trial), *notes(systems, prompts)]
        if trial.reranker is not None and RERANKED not in done:
            said.append("none of the tasks ranks documents, so the reranker had nothing to do")
    if context.params["json"]:
        print_json({**_report(trial, done, prompts), "notes": said})
        return
    _print(trial, done)
    if context.params["results"] is not None:
        said += [f"{name}: {stage.results}" for name, stage in done.items()]
    for line in said:
        note(line)


def _trial(context: typer.Context, plan: EvalPlan) -> MtebTrial:
    asked = context.params
    for name in _NOT_FOR_MTEB:
        if _is_said(context, name):
            raise InvalidInputError(f"--{name.replace('_', '-')}", "has no part in an evaluation through mteb")
    if asked["benchmark"] is None and asked["tasks"] is not None:
        raise InvalidInputError("--tasks", "narrows a --benchmark, and none is named")
    if (asked["benchmark"] is None) == (not asked["data"]):
        raise InvalidInputError("--benchmark", "takes the place of --data, so name one of the two")
    folders: list[Path] = asked["data"] or []
    if len(folders) > 1:
        raise InvalidInputError("--through-mteb", "takes one folder at a time")
    return MtebTrial(
        benchmark=asked["benchmark"],
        tasks=[name.strip() for name in (asked["tasks"] or "").split(",") if name.strip()],
        dataset=_dataset(folders[0], plan) if folders else None,
        reranker=None if asked["no_rerank"] else asked["reranker"],
        depth=asked["rerank_depth"] if _is_said(context, "rerank_depth") else PUBLISHED_DEPTH,
    )


def _dataset(folder: Path, plan: EvalPlan) -> BeirSet:
    return load(folder, plan.split, corpus_prefix=plan.corpus_prefix, max_queries=plan.max_queries, seed=plan.seed)


def _is_said(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"  # by name: typer may bring a click of its own


@contextmanager
def _results_folder(asked: Path | None, trial: MtebTrial) -> Iterator[Path]:
    """Where results go: for a local set nowhere that stays, unless the user says."""
    if asked is not None:
        yield asked
    elif trial.benchmark is not None:
        raise InvalidInputError(
            "--results", "is missing", hint="name a folder for the results, so that a rerun goes on"
        )
    else:
        with TemporaryDirectory(prefix="embedrank-mteb-") as folder:
            yield Path(folder)


def _prepare_libraries(to: Path) -> None:
    """Settings that mteb and what it imports read from the environment when they are loaded."""
    os.environ.setdefault("MTEB_CACHE", str(to / "cache"))  # else a folder in the user's home is made at import
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")


def _run(trial: MtebTrial, plan: EvalPlan, to: Path) -> tuple[dict[str, Stage], dict[str, TaskPrompt]]:
    """Each system's scores; a reranker reads what the embedder found."""
    from embedrank.evaluation.mteb.quiet import quiet

    with quiet():  # their imports talk
        from embedrank.evaluation.mteb.benchmark import benchmark_tasks
        from embedrank.evaluation.mteb.local import beir_task
        from embedrank.evaluation.mteb.run import can_be_reranked

        tasks: list[AbsTask] = (
            benchmark_tasks(trial.benchmark or "", trial.tasks) if trial.dataset is None else [beir_task(trial.dataset)]
        )
    name = plan.trial.embedder or ""
    encoder = plan.wiring.embedder(name)
    prompts, given = _prompts(trial, plan, tasks, encoder)
    settings = {"prompts": plan.protocol, "instruction": given}
    dim, two_stage = plan.trial.config.dim, trial.reranker is not None
    dense = dense_stage(encoder, name, prompts, tasks, settings=settings, dim=dim, to=to, keep_answers=two_stage)
    if trial.reranker is None or not any(can_be_reranked(task) for task in tasks):
        return {DENSE: dense}, prompts
    template = {"template": "report"} if trial.benchmark and plan.protocol == "report" else {}
    judge = plan.wiring.reranker(trial.reranker, **template)
    instruction = given or (REPORT_RERANK_INSTRUCTION if trial.benchmark else None)
    second = rerank_stage(judge, trial.reranker, instruction, tasks, first=dense, depth=trial.depth, to=to)
    return {DENSE: dense, RERANKED: second}, prompts


def _prompts(
    trial: MtebTrial, plan: EvalPlan, tasks: Sequence[AbsTask], encoder: NamedEncoder
) -> tuple[dict[str, TaskPrompt], str | None]:
    """What stands before the texts of each task, and the one instruction of all of them where there is one."""
    from embedrank.evaluation.mteb.protocols import prompts_of

    given = plan.trial.config.instruction
    if trial.dataset is not None:  # the same as without mteb
        given = prompting_of(trial.dataset.folder.name, "retrieval", plan, encoder).instruction or given
        return prompts_of(plan.protocol, tasks, given=given, reads_instructions=given is not None), given
    reads = getattr(encoder, "default_instruction", None) is not None
    return prompts_of(plan.protocol, tasks, given=given, reads_instructions=reads), given


def _data_notes(trial: MtebTrial) -> list[str]:
    if trial.dataset is None:
        return []
    from embedrank.evaluation.report import notes

    told = notes(trial.dataset)
    if trial.dataset.instructions:
        told.append("instructions that belong to single queries were not used: mteb would put them behind the query")
    return told


def _report(trial: MtebTrial, done: Mapping[str, Stage], prompts: Mapping[str, TaskPrompt]) -> dict[str, Any]:
    from embedrank.evaluation.mteb.report import RETRIEVAL_FIGURES, report_json

    last = list(done.values())[-1]
    report = report_json(
        {name: stage.scores for name, stage in done.items()},
        prompts,
        settings=last.settings,
        results={name: str(stage.results) for name, stage in done.items()},
    )
    if trial.dataset is None:
        return {"benchmark": trial.benchmark, **report}
    figures = {ours: last.scores[0].scores[theirs] for ours, theirs in RETRIEVAL_FIGURES.items()}
    counts = {"num_queries": len(trial.dataset.queries), "num_documents": len(trial.dataset.documents)}
    return {"data": str(trial.dataset.folder), "split": trial.dataset.split, **figures, **counts, **report}


def _print(trial: MtebTrial, done: Mapping[str, Stage]) -> None:
    from embedrank.cli.render_mteb import score_table

    title = trial.benchmark if trial.dataset is None else beir_title(trial.dataset)
    console = out()
    console.print(Text(f"{title}, through mteb", style="bold"))
    console.print(score_table({name: stage.scores for name, stage in done.items()}))
