"""`embedrank eval --benchmark` and `--through-mteb`: our models in mteb's evaluator."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from embedrank.cli.console import note, out, print_json
from embedrank.cli.mteb_stages import Stage, dense_stage, rerank_stage
from embedrank.cli.wiring import Wiring
from embedrank.core.packages import require_packages

if TYPE_CHECKING:
    from mteb.abstasks.abstask import AbsTask

    from embedrank.evaluation.beir import BeirSet
    from embedrank.evaluation.mteb.task_prompt import TaskPrompt

@dataclass(frozen=True, slots=True, kw_only=True)
class MtebTrial:
    """What is measured, and how.

    Attributes:
        benchmark: Name in mteb; None where a local set is run.
        tasks: Narrows the benchmark; empty for all.
        dataset: A local set; None where a benchmark is run.
        embedder: Name of the embedder.
        reranker: Name of the reranker of a second stage; None for the embedder alone.
        depth: Candidates that the reranker reads for each query.
        prompts: Name of the prompt protocol.
        instruction: One for all tasks, in the place of the model's own.
        dim: Leading dimensions to use; None for all.
        to: Folder of results and vectors.
    """

    benchmark: str | None
    tasks: Sequence[str]
    dataset: BeirSet | None
    embedder: str
    reranker: str | None
    depth: int
    prompts: str
    instruction: str | None
    dim: int | None
    to: Path


def evaluate_mteb(trial: MtebTrial, wiring: Wiring, *, json: bool) -> None:
    """Run the tasks and print their scores.

    Args:
        trial: What is measured.
        wiring: Where models come from.
        json: Whether stdout gets one JSON object instead of a table.

    Raises:
        InvalidInputError: If benchmark, task or protocol are unknown.
    """
    require_packages("evaluation through mteb", "mteb", extra="evaluation")
    _prepare_libraries(trial.to)
    from embedrank.evaluation.mteb.quiet import quiet

    with quiet():
        from embedrank.evaluation.mteb.protocols import prompts_of
        from embedrank.evaluation.mteb.report import notes

        tasks = _tasks(trial)
        prompts = prompts_of(trial.prompts, tasks, instruction=trial.instruction)
    done = _stages(trial, tasks, prompts, wiring)
    systems = {name: stage.scores for name, stage in done.items()}
    said = [*_data_notes(trial), *notes(systems, prompts)]
    if json:
        print_json({**_report(trial, done, prompts), "notes": said})
        return
    _print(trial, done)
    for line in [*said, *(f"{name}: {stage.results}" for name, stage in done.items())]:
        note(line)


def _prepare_libraries(to: Path) -> None:
    """Settings that mteb and what it imports read from the environment when they are loaded."""
    os.environ.setdefault("MTEB_CACHE", str(to / "cache"))  # else a folder in the user's home is made at import
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")


def _tasks(trial: MtebTrial) -> list[AbsTask]:
    if trial.dataset is not None:
        from embedrank.evaluation.mteb.local import beir_task

        return [beir_task(trial.dataset)]
    from embedrank.evaluation.mteb.benchmark import benchmark_tasks

    return benchmark_tasks(trial.benchmark or "", trial.tasks)


def _stages(
    trial: MtebTrial, tasks: Sequence[AbsTask], prompts: Mapping[str, TaskPrompt], wiring: Wiring
) -> dict[str, Stage]:
    """Each system's scores; a reranker reads what the embedder found."""
    settings = {"prompts": trial.prompts, "instruction": trial.instruction, "dim": trial.dim}
    two_stage = trial.reranker is not None
    dense = dense_stage(
        wiring.embedder(trial.embedder), trial.embedder, tasks, prompts, settings, to=trial.to, keep_answers=two_stage
    )
    if trial.reranker is None:
        return {"dense": dense}
    # Only the published run has a template of its own.
    template = {"template": "report"} if trial.prompts == "report" else {}
    reranker = wiring.reranker(trial.reranker, **template)
    second = rerank_stage(reranker, trial.reranker, tasks, dense, depth=trial.depth, to=trial.to)
    return {"dense": dense, "dense+rerank": second} if second.scores else {"dense": dense}


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
    from embedrank.evaluation.mteb.report import means

    local = trial.dataset
    title = trial.benchmark if local is None else f"{local.folder.name} {local.split}"
    table = Table("task", "type", "score", *done, title=f"{title} through mteb, prompts as in {trial.prompts}")
    rows = {name: {score.task: score for score in stage.scores} for name, stage in done.items()}
    for task, score in rows["dense"].items():
        cells = [f"{row[task].main_score:.4f}" if task in row else "" for row in rows.values()]
        table.add_row(Text(task), score.kind, score.metric, *cells)
    if len(rows["dense"]) > 1:
        table.add_section()
        for label, key in (("mean of tasks", "mean_task"), ("mean of types", "mean_type")):
            table.add_row(label, "", "", *(f"{means(stage.scores)[key]:.4f}" for stage in done.values()))
    out().print(table)


def _data_notes(trial: MtebTrial) -> list[str]:
    if trial.dataset is None:
        return []
    from embedrank.evaluation.report import notes

    return notes(trial.dataset)
