"""The stages that are run through mteb: an embedder over all tasks, a reranker over what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedrank.cli.console import stages
from embedrank.cli.rivals import EMBEDDERS, RERANKERS

if TYPE_CHECKING:
    from mteb.abstasks.abstask import AbsTask

    from embedrank.cli.model_protocols import NamedEncoder, TellingReranker
    from embedrank.evaluation.mteb.run import TaskScore
    from embedrank.evaluation.mteb.task_prompt import TaskPrompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a stage gave.

    Attributes:
        scores: Of the tasks it was run on.
        settings: How it was run.
        results: Folder of its results in mteb's submission format.
        predictions: Folder of its ranked lists.
    """

    scores: Sequence[TaskScore]
    settings: Mapping[str, object]
    results: Path
    predictions: Path


def dense_stage(
    encoder: NamedEncoder,
    name: str,
    prompted: Mapping[str, TaskPrompt],
    tasks: Sequence[AbsTask],
    *,
    settings: Mapping[str, object],
    dim: int | None,
    to: Path,
    keep_answers: bool,
) -> Stage:
    """Run an embedder.

    Args:
        encoder: The model.
        name: What it was asked for by.
        prompted: Task name to what is put before its texts.
        tasks: What to run.
        settings: Protocol and given instruction.
        dim: Leading dimensions to use; None for all.
        to: Folder of results.
        keep_answers: Whether ranked lists are kept for a reranker.

    Returns:
        The scores.
    """
    from embedrank.evaluation.mteb.encoder import MtebEncoder
    from embedrank.evaluation.mteb.meta import encoder_meta
    from embedrank.evaluation.mteb.results_folder import ResultsFolder
    from embedrank.evaluation.mteb.run import run_task

    how = {**settings, "dim": dim, "precision": encoder.precision, "max_length": getattr(encoder, "max_length", None)}
    folder = ResultsFolder(to, str(settings["prompts"]), how)
    meta = encoder_meta(encoder, hub_name(name, "embedder"), dim=dim or encoder.dim, settings=how)
    with _task_bar(len(tasks)) as bar:
        model = MtebEncoder(encoder, prompted, meta, dim=dim, on_texts=bar.advance)
        scores = [run_task(model, task, folder, keep_answers=keep_answers) for task in bar.each(tasks)]
    return Stage(scores=scores, settings=how, results=folder.results(meta), predictions=folder.predictions(meta))


def rerank_stage(
    reranker: TellingReranker,
    name: str,
    instruction: str | None,
    tasks: Sequence[AbsTask],
    *,
    first: Stage,
    depth: int,
    to: Path,
) -> Stage:
    """Run a reranker over the tasks that rank documents: over their own candidates, or those of the first stage.

    Args:
        reranker: The model.
        name: What it was asked for by.
        instruction: Its task where a data set gives none; None for the template's.
        tasks: What to run; those that rank nothing are left out.
        first: What found the candidates.
        depth: Candidates read for each query.
        to: Folder of results.

    Returns:
        The scores.
    """
    from embedrank.evaluation.mteb.meta import reranker_meta
    from embedrank.evaluation.mteb.reranker import MtebReranker
    from embedrank.evaluation.mteb.results_folder import ResultsFolder
    from embedrank.evaluation.mteb.run import Candidates, can_be_reranked, run_task

    found_by = "/".join(first.results.parts[-2:])
    how = {**first.settings, "first_stage": found_by, "depth": depth, "rerank_instruction": instruction}
    folder = ResultsFolder(to, f"{first.settings['prompts']}-reranked", how)
    meta = reranker_meta(reranker, hub_name(name, "reranker"), settings=how)
    ranking = [task for task in tasks if can_be_reranked(task)]
    candidates = Candidates(folder=first.predictions, top=depth)
    with _task_bar(len(ranking)) as bar:
        model = MtebReranker(reranker, meta, instruction=instruction, on_pairs=bar.advance)
        scores = [run_task(model, task, folder, candidates=candidates) for task in bar.each(ranking)]
    return Stage(scores=scores, settings=how, results=folder.results(meta), predictions=folder.predictions(meta))


def hub_name(name: str, kind: str) -> str:
    """What a model is called where others read it.

    Args:
        name: What it was asked for by: preset, folder or hub id.
        kind: `embedder` or `reranker`.

    Returns:
        The hub id of a preset; of a model of others its kind and name, without folders and URL; else the name.
    """
    from embedrank.model.presets import presets

    preset = presets().get(name)
    if preset is not None:
        return str(getattr(preset, kind)).removeprefix("bundled:")
    prefix, _, model = name.partition("@http")[0].partition(":")
    return f"{prefix}-{Path(model).name}" if prefix in (*EMBEDDERS, *RERANKERS) else name


class _TaskBar:
    """Tells which task is at work and how many texts of it are done."""

    def __init__(self, tell: Callable[[str, int, int | None], None], num_tasks: int) -> None:
        self._tell, self._num_tasks = tell, num_tasks
        self._task, self._done = "", 0

    def each(self, tasks: Sequence[AbsTask]) -> Iterator[AbsTask]:
        """The tasks one by one."""
        for number, task in enumerate(tasks, start=1):
            self._task, self._done = f"{task.metadata.name} ({number} of {self._num_tasks})", 0
            self.advance(0)
            yield task

    def advance(self, count: int) -> None:
        """So many texts more are done."""
        self._done += count
        self._tell(self._task, self._done, None)


@contextmanager
def _task_bar(num_tasks: int) -> Iterator[_TaskBar]:
    with stages() as tell:
        yield _TaskBar(tell, num_tasks)
