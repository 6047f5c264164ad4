"""One set, measured by one task."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from embedrank.cli.beir_set import beir_title, load
from embedrank.cli.console import progress
from embedrank.cli.eval_plan import EvalPlan, SetReport, prompting_of, truncated_notes, write_runs
from embedrank.cli.eval_reranking import DENSE, measure_reranking
from embedrank.cli.eval_rivals import run_with_rivals
from embedrank.core.errors import InvalidInputError


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
    from embedrank.evaluation.prompted_encoder import PromptedEncoder
    from embedrank.evaluation.report import SystemScore
    from embedrank.evaluation.split_files import Sample
    from embedrank.evaluation.tasks.registry import TASKS

    require_packages(f"measuring {task}", "sklearn", "scipy", extra="evaluation")
    loaded = TASKS[task].load(folder, split, Sample(size=plan.max_queries, seed=plan.seed))
    if plan.trial.embedder is None:
        raise InvalidInputError(f"--task {task}", "needs an embedder", hint="leave --lexical away")
    model = plan.wiring.embedder(plan.trial.embedder)
    prompting = prompting_of(folder.name, task, plan, model)
    start = time.perf_counter()
    with progress("embedding", loaded.num_texts) as advance:
        dim = plan.trial.config.dim
        encoder = PromptedEncoder(encoder=model, prompting=prompting, dim=dim, on_texts=advance)
        measured = loaded.measure(encoder)
    seconds = round(time.perf_counter() - start, 2)
    settings = {"embedder": plan.trial.embedder, "dim": dim, **prompting.as_json(), "timings_s": {"measure": seconds}}
    counts = ", ".join(f"{count} {name.removeprefix('num_')}" for name, count in measured.counts.items())
    return SetReport(
        title=f"{folder.name} {split}, {task.replace('_', ' ')}: {counts}",
        scores=[SystemScore(name=DENSE, metrics=measured.metrics, p_value=None)],
        content={
            "data": str(folder),
            "split": split,
            "task": task,
            "system": DENSE,
            **measured.metrics,
            **measured.counts,
            **({"by_language": measured.by_language} if measured.by_language else {}),
            "systems": {DENSE: measured.metrics},
            "settings": settings,
            "notes": [*measured.notes, *prompting.notes(folder.name), *truncated_notes(model)],
        },
    )
