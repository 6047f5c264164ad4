"""One set, measured by one task."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedrank.cli.beir_set import beir_title, load
from embedrank.cli.console import progress
from embedrank.cli.eval_plan import EvalPlan, SetReport, prompting_of, truncated_notes, write_runs
from embedrank.cli.eval_reranking import DENSE, measure_reranking
from embedrank.cli.eval_rivals import about, labelled, rivals_of, run_with_rivals, with_settings
from embedrank.cli.trial import told_by
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.evaluation.tasks.task import EmbeddingTask, Measured


def measure_set(folder: Path, split: str, task: str, plan: EvalPlan) -> SetReport:
    """Measure one split by one task.

    Args:
        folder: The set.
        split: Name of its file without suffix.
        task: One that the folder can be used for.
        plan: How.

    Returns:
        The report.
    """
    from embedrank.evaluation.folder_contents import RERANKING
    from embedrank.evaluation.tasks.registry import TASKS

    if task in TASKS:
        return _measure_vectors(folder, split, task, plan)
    if task == RERANKING:
        return measure_reranking(folder, split, plan)
    return _measure_retrieval(folder, split, task, plan)


def _measure_retrieval(folder: Path, split: str, task: str, plan: EvalPlan) -> SetReport:
    from embedrank.evaluation.report import as_json, notes, score_systems

    dataset = load(folder, split, corpus_prefix=plan.corpus_prefix, max_queries=plan.max_queries, seed=plan.seed)
    if plan.trial.config.instruction is not None:
        dataset = replace(dataset, instructions={})
    outcome = run_with_rivals(folder.name, task, dataset, plan)
    scores = score_systems(dataset, outcome.runs)
    write_runs(plan, outcome.runs)
    settings = {**outcome.settings, "timings_s": dict(outcome.timings_s)}
    content = as_json(dataset, scores, settings=settings)
    told = [*notes(dataset), *outcome.notes]
    return SetReport(title=beir_title(dataset), scores=scores, content={**content, "notes": told, "task": task})


def _measure_vectors(folder: Path, split: str, task: str, plan: EvalPlan) -> SetReport:
    from embedrank.core.packages import require_packages
    from embedrank.evaluation.report import SystemScore
    from embedrank.evaluation.split_files import Sample
    from embedrank.evaluation.tasks.registry import TASKS

    require_packages(f"measuring {task}", "sklearn", "scipy", extra="evaluation")
    loaded = TASKS[task].load(folder, split, Sample(size=plan.max_queries, seed=plan.seed))
    if plan.trial.embedder is None:
        raise InvalidInputError(f"--task {task}", "needs an embedder", hint="leave --lexical away")
    others, judges = rivals_of(plan)
    systems: dict[str, Measured] = {}
    settings: dict[str, Any] = {}
    told: list[str] = []
    start = time.perf_counter()
    for system, name in labelled(others, plan.trial.embedder, DENSE):
        rival = None if system == DENSE else name
        measured, how, lines = _measured(loaded, name, folder.name, task, plan)
        systems[system], settings = measured, with_settings(settings, how, rival)
        told += about(rival, lines)
    settings["timings_s"] = {"measure": round(time.perf_counter() - start, 2)}
    own = systems[DENSE]
    counts = ", ".join(f"{count} {name.removeprefix('num_')}" for name, count in own.counts.items())
    deaf = [f"{name} has nothing to rerank here" for name in judges]
    return SetReport(
        title=f"{folder.name} {split}, {task.replace('_', ' ')}: {counts}",
        scores=[SystemScore(name=name, metrics=each.metrics, p_value=None) for name, each in systems.items()],
        content={
            "data": str(folder),
            "split": split,
            "task": task,
            "system": DENSE,
            **own.metrics,
            **own.counts,
            **({"by_language": own.by_language} if own.by_language else {}),
            "systems": {name: each.metrics for name, each in systems.items()},
            "settings": settings,
            "notes": [*own.notes, *told, *deaf],
        },
    )


def _measured(
    loaded: EmbeddingTask, name: str, data: str, task: str, plan: EvalPlan
) -> tuple[Measured, dict[str, object], list[str]]:
    """Figures of one model, what has to be known to repeat them, and what a reader must know."""
    from embedrank.evaluation.prompted_encoder import PromptedEncoder

    model, dim = plan.wiring.embedder(name), plan.trial.config.dim
    prompting = prompting_of(data, task, plan, model)
    with progress("embedding", loaded.num_texts) as advance:
        encoder = PromptedEncoder(encoder=model, prompting=prompting, dim=dim, on_texts=advance)
        measured = loaded.measure(encoder)
    settings = {"embedder": name, "dim": dim, **prompting.as_json(), **told_by("embedder", model)}
    return measured, settings, [*prompting.notes(data), *truncated_notes(model)]
