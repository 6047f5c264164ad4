"""The stages that are run through mteb: an embedder over all tasks, a reranker over what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedrank.cli.console import stages
from embedrank.core.prompts import REPORT_RERANK_INSTRUCTION

if TYPE_CHECKING:
    from mteb.abstasks.abstask import AbsTask

    from embedrank.cli.wiring import NamedEncoder, TellingReranker
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
    tasks: Sequence[AbsTask],
    prompts: Mapping[str, TaskPrompt],
    settings: Mapping[str, object],
    *,
    to: Path,
    keep_answers: bool,
) -> Stage:
    """Run an embedder.

    Args:
        encoder: The model.
        name: What it was asked for by.
        tasks: What to run.
        prompts: Task name to what is put before its texts.
        settings: Protocol, instruction and dimensions.
        to: Folder of results and vectors.
        keep_answers: Whether ranked lists are kept for a reranker.

    Returns:
        The scores.
    """
    from embedrank.evaluation.cached_encoder import CachedEncoder
    from embedrank.evaluation.mteb.encoder import MtebEncoder
    from embedrank.evaluation.mteb.meta import encoder_meta
    from embedrank.evaluation.mteb.results_folder import ResultsFolder
    from embedrank.evaluation.mteb.run import run_task
    from embedrank.evaluation.vector_file import VectorFile

    how = {**settings, "precision": encoder.precision, "max_length": getattr(encoder, "max_length", None)}
    folder = ResultsFolder(to, str(settings["prompts"]), how)
    with _task_bar(len(tasks)) as bar, closing(VectorFile(to / "vectors" / f"{encoder.fingerprint}.sqlite")) as kept:
        dim = settings["dim"]
        cached = CachedEncoder(encoder, kept, dim=dim if isinstance(dim, int) else None, on_texts=bar.advance)
        meta = encoder_meta(encoder, hub_name(name, "embedder"), dim=cached.dim, settings=how)
        model = MtebEncoder(cached, prompts, meta)
        scores = [run_task(model, task, folder, keep_answers=keep_answers) for task in bar.each(tasks)]
    return Stage(scores=scores, settings=how, results=folder.results(meta), predictions=folder.predictions(meta))


def rerank_stage(
    reranker: TellingReranker, name: str, tasks: Sequence[AbsTask], first: Stage, *, depth: int, to: Path
) -> Stage:
    """Run a reranker over the tasks that rank documents: over their own candidates, or those of the first stage.

    Args:
        reranker: The model.
        name: What it was asked for by.
        tasks: What to run; those that rank nothing are left out.
        first: What found the candidates.
        depth: Candidates read for each query.
        to: Folder of results.

    Returns:
        The scores; none where no task ranks documents.
    """
    from embedrank.evaluation.mteb.meta import reranker_meta
    from embedrank.evaluation.mteb.reranker import MtebReranker
    from embedrank.evaluation.mteb.results_folder import ResultsFolder
    from embedrank.evaluation.mteb.run import Candidates, can_be_reranked, run_task

    protocol = str(first.settings["prompts"])
    instruction = first.settings["instruction"] if protocol == "model" else REPORT_RERANK_INSTRUCTION
    how = {**first.settings, "first_stage": "/".join(first.results.parts[-2:]), "depth": depth}
    folder = ResultsFolder(to, f"{protocol}-reranked", how)
    ranking = [task for task in tasks if can_be_reranked(task)]
    with _task_bar(len(ranking)) as bar:
        meta = reranker_meta(reranker, hub_name(name, "reranker"), settings=how)
        given = str(instruction) if instruction is not None else None
        model = MtebReranker(reranker, meta, instruction=given, on_pairs=bar.advance)
        candidates = Candidates(folder=first.predictions, top=depth)
        scores = [run_task(model, task, folder, candidates=candidates) for task in bar.each(ranking)]
    return Stage(scores=scores, settings=how, results=folder.results(meta), predictions=folder.predictions(meta))


def hub_name(name: str, kind: str) -> str:
    """What a model is called where others read it.

    Args:
        name: What it was asked for by: preset, folder or hub id.
        kind: `embedder` or `reranker`.

    Returns:
        The hub id of a preset, else the name.
    """
    from embedrank.model.presets import presets

    preset = presets().get(name)
    return name if preset is None else str(getattr(preset, kind)).removeprefix("bundled:")


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
