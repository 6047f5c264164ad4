"""Tasks run one by one through mteb's evaluator; what an earlier run finished is read, not run again."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

import mteb
from mteb.abstasks.abstask import AbsTask
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.models.model_meta import ModelMeta
from mteb.results import TaskResult

from embedrank.core.errors import DatasetError
from embedrank.evaluation.mteb.quiet import quiet
from embedrank.evaluation.mteb.results_folder import ResultsFolder


class CountingModel(Protocol):
    """One of our models as mteb sees it, and what it counted."""

    @property
    def mteb_model_meta(self) -> ModelMeta:
        """Name, revision and settings."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """`texts` and `truncated` so far."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What a reranker reads of a retrieval task.

    Attributes:
        folder: Predictions of the first stage.
        top: How many of them for each query.
    """

    folder: Path
    top: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskScore:
    """How one task went.

    Attributes:
        task: Name.
        kind: Type of the task in mteb, such as `STS`.
        metric: Name of the main score.
        main_score: Its mean over splits and subsets.
        scores: All of mteb's figures that are plain numbers, each averaged likewise.
        num_texts: Texts or pairs given to the model in this run; 0 where the result was there.
        num_truncated: Those of them that the model read only the beginning of.
        was_there: Whether an earlier run had finished it.
    """

    task: str
    kind: str
    metric: str
    main_score: float
    scores: Mapping[str, float]
    num_texts: int
    num_truncated: int
    was_there: bool


def can_be_reranked(task: AbsTask) -> bool:
    """Whether a task ranks documents, so that a reranker has a say in it."""
    return isinstance(task, AbsTaskRetrieval)


def run_task(
    model: CountingModel,
    task: AbsTask,
    folder: ResultsFolder,
    *,
    keep_answers: bool = False,
    candidates: Candidates | None = None,
) -> TaskScore:
    """Run a task, or read its result where an earlier run finished it on the same data.

    Args:
        model: One of our models in mteb's form.
        task: The task; is left as it is.
        folder: Where its result goes.
        keep_answers: Whether ranked lists are written too, for a reranker to read; other tasks have none.
        candidates: What a reranker reads where the task has no candidates of its own.

    Returns:
        The scores.

    Raises:
        DatasetError: If its data cannot be had.
    """
    task, meta = copy.copy(task), model.mteb_model_meta
    keep = keep_answers and can_be_reranked(task)
    with quiet():
        found = folder.cache.load_task_result(task.metadata.name, meta)
        is_same_data = found is not None and found.dataset_revision == task.metadata.revision
        lacks_answers = keep and not folder.has_predictions(meta, task)
        if found is not None and is_same_data and not lacks_answers and not found.get_missing_evaluations(task):
            return _score(found, task, {}, was_there=True)
        before = dict(model.counts)
        _load(task, candidates)
        result = mteb.evaluate(
            model,  # type: ignore[arg-type]  # its protocols are wider than what it calls
            task,
            co2_tracker=False,
            cache=folder.cache,
            overwrite_strategy="only-missing" if is_same_data and not lacks_answers else "always",
            prediction_folder=folder.predictions(meta) if keep else None,
            show_progress_bar=False,
        )
        counted = {name: count - before[name] for name, count in model.counts.items()}
        return _score(result.task_results[0], task, counted, was_there=False)


def _load(task: AbsTask, candidates: Candidates | None) -> None:
    """Data first and apart, so that what goes wrong here is told as what it is."""
    try:
        task.load_data()
    except Exception as error:  # whatever hub, network and disk raise
        where = task.metadata.dataset["path"]
        raise DatasetError(
            f"task {task.metadata.name}",
            f"its data set {where} cannot be had: {error} (run it once where there is a network and HF_HUB_OFFLINE is "
            "not set, or copy that machine's hub cache here; --tasks leaves it out)",
        ) from error
    if candidates is not None and isinstance(task, AbsTaskRetrieval):
        task.convert_v1_dataset_format_to_v2(num_proc=None)
        parts = [part for subset in task.dataset.values() for part in subset.values()]
        if any(part["top_ranked"] is None for part in parts):
            task.convert_to_reranking(candidates.folder, top_k=candidates.top)


def _score(result: TaskResult, task: AbsTask, counted: Mapping[str, int], *, was_there: bool) -> TaskScore:
    kept = result.validate_and_filter_scores(task)
    rows: list[Mapping[str, Any]] = [row for part in kept.scores.values() for row in part]
    numbers = [name for name, value in rows[0].items() if isinstance(value, float | int)]
    means = {name: fmean(float(row[name]) for row in rows if name in row) for name in numbers}
    return TaskScore(
        task=task.metadata.name,
        kind=task.metadata.type,
        metric=task.metadata.main_score,
        main_score=float(kept.get_score()),
        scores={name: mean for name, mean in means.items() if math.isfinite(mean)},
        num_texts=counted.get("texts", 0),
        num_truncated=counted.get("truncated", 0),
        was_there=was_there,
    )
