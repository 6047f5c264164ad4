"""Tasks run one by one through mteb's evaluator: results kept as it writes them, finished ones not run again."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import datasets
import mteb
from mteb.abstasks.abstask import AbsTask
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.cache import ResultCache
from mteb.models.model_meta import ModelMeta
from mteb.results import TaskResult

from embedrank.core.durable import replace_durably
from embedrank.core.errors import DatasetError, StorageError


class CountingModel(Protocol):
    """One of our models as mteb sees it, and what it counted."""

    mteb_model_meta: ModelMeta

    @property
    def counts(self) -> Mapping[str, int]:
        """`texts` and `truncated` so far."""
        ...


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


class ResultsFolder:
    """Where the results of one model with one set of settings go.

    Attributes:
        path: The folder: `results/MODEL/REVISION/` in mteb's submission format, `predictions/`, `settings.json`.
    """

    def __init__(self, parent: Path, label: str, settings: Mapping[str, object]) -> None:
        """Make the folder; runs with other settings get another.

        Args:
            parent: Folder of all results.
            label: What the name begins with.
            settings: Everything beside model and data that decides a result; plain values.

        Raises:
            StorageError: If it cannot be written.
        """
        text = json.dumps(dict(settings), indent=2, ensure_ascii=False, sort_keys=True)
        self.path = parent / f"{label}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            replace_durably(self.path / "settings.json", text + "\n")
        except OSError as error:
            raise StorageError(self.path, f"cannot be written: {error.strerror or error}") from error
        self.cache = ResultCache(self.path)

    def predictions(self, meta: ModelMeta) -> Path:
        """Folder of what a model answered, read by a reranker."""
        return self.path / "predictions" / meta.model_name_as_path() / str(meta.revision)


def run_task(model: CountingModel, task: AbsTask, folder: ResultsFolder, *, keep_answers: bool = False) -> TaskScore:
    """Run a task, or read its result where an earlier run finished it on the same data.

    Args:
        model: One of our models in mteb's form.
        task: The task.
        folder: Where its result goes.
        keep_answers: Whether the ranked lists are written too; only retrieval tasks have them.

    Returns:
        The scores.

    Raises:
        DatasetError: If its data cannot be had.
    """
    meta, answers = model.mteb_model_meta, folder.predictions(model.mteb_model_meta)
    wanted = keep_answers and isinstance(task, AbsTaskRetrieval)
    is_stale = not _is_current(folder.cache.load_task_result(task.metadata.name, meta), task)
    if is_stale or (wanted and not (answers / f"{task.metadata.name}_predictions.json").is_file()):
        return _computed(model, task, folder, answers if wanted else None)
    return _score(folder.cache.load_task_result(task.metadata.name, meta), task, was_there=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep mteb and `datasets` from writing on the terminal: log lines, warnings, bars of the mapping of columns."""
    loggers = [logging.getLogger(name) for name in ("mteb", "datasets")]
    levels = [logger.level for logger in loggers]
    had_bars = datasets.are_progress_bars_disabled()
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    datasets.disable_progress_bars()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if not had_bars:
            datasets.enable_progress_bars()
