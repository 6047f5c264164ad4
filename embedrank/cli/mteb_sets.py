"""Local sets in mteb's evaluator: what a folder is wrapped as, and how its figures are called here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedrank.cli.beir_set import beir_title, load
from embedrank.cli.eval_plan import EvalPlan
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from mteb.abstasks.abstask import AbsTask

    from embedrank.evaluation.beir import BeirSet

LABELS_LEARNT_FROM: Final = "train"
RETRIEVAL_FIGURES: Final[Mapping[str, str]] = {
    "ndcg_at_10": "ndcg_at_10",
    "recall_at_100": "recall_at_100",
    "mrr_at_10": "mrr_at_10",
    "map": "map_at_100",  # ours too sees the first hundred documents where nothing else is asked for
}
FIGURES: Final[Mapping[str, Mapping[str, str]]] = {
    "sts": {"spearman": "cosine_spearman", "pearson": "cosine_pearson"},
    "pair_classification": {
        "average_precision": "cosine_ap",
        "accuracy": "cosine_accuracy",
        "f1": "cosine_f1",
    },
    "classification": {"accuracy": "accuracy", "macro_f1": "f1"},
}
"""Task to our name of a figure to mteb's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSet:
    """A set that mteb is to measure.

    Attributes:
        folder: Of the set.
        split: Of the set.
        task: Ours, such as `retrieval`.
        title: For people.
        counts: How much there is.
        figures: Our name of a figure to mteb's.
        notes: What a reader must know.
        wrapped: Makes the task of mteb.
    """

    folder: Path
    split: str
    task: str
    title: str
    counts: Mapping[str, int]
    figures: Mapping[str, str]
    notes: Sequence[str]
    wrapped: Callable[[], AbsTask]


def local_set(folder: Path, plan: EvalPlan) -> LocalSet:
    """Read a folder and find what it is wrapped as.

    Args:
        folder: A BEIR folder, or one of scored pairs or labelled texts.
        plan: Split and sample.

    Returns:
        The set.

    Raises:
        DatasetError: If it cannot be used.
        InvalidInputError: If it holds something else.
    """
    from embedrank.evaluation.folder_contents import INSTRUCTION_RETRIEVAL, RETRIEVAL, recognise

    task = recognise(folder, plan.split).tasks[0]
    if task in (RETRIEVAL, INSTRUCTION_RETRIEVAL):
        return _beir(folder, plan)
    if task not in FIGURES:
        raise InvalidInputError(
            "--through-mteb", f"{folder} is measured by {task.replace('_', ' ')}, which is not wrapped for mteb"
        )
    return _labels(folder, plan) if task == "classification" else _pairs(folder, task, plan)


def _beir(folder: Path, plan: EvalPlan) -> LocalSet:
    dataset = load(folder, plan.split, corpus_prefix=plan.corpus_prefix, max_queries=plan.max_queries, seed=plan.seed)

    def wrapped() -> AbsTask:
        from embedrank.evaluation.mteb.local import beir_task

        return beir_task(dataset)

    return LocalSet(
        folder=folder,
        split=plan.split,
        task="retrieval",
        title=beir_title(dataset),
        counts={"num_queries": len(dataset.queries), "num_documents": len(dataset.documents)},
        figures=RETRIEVAL_FIGURES,
        notes=_beir_notes(dataset),
        wrapped=wrapped,
    )


def _beir_notes(dataset: BeirSet) -> list[str]:
    from embedrank.evaluation.report import notes

    told = notes(dataset)
    if dataset.instructions:
        told.append("instructions that belong to single queries were not used: mteb would put them behind the query")
    return told


def _pairs(folder: Path, task: str, plan: EvalPlan) -> LocalSet:
    from embedrank.evaluation.sentence_pairs import load_pairs
    from embedrank.evaluation.split_files import Sample

    pairs = load_pairs(folder, plan.split, Sample(size=plan.max_queries, seed=plan.seed), scored=True)

    def wrapped() -> AbsTask:
        from embedrank.evaluation.mteb.local_rows import pairs_task

        return pairs_task(pairs, is_binary=task == "pair_classification")

    counts = {"num_pairs": len(pairs.first)}
    return _of_rows(folder, task, plan, counts, [*pairs.notes, *_mixed(pairs.languages)], wrapped)


def _labels(folder: Path, plan: EvalPlan) -> LocalSet:
    from embedrank.evaluation.labelled_texts import load_labelled
    from embedrank.evaluation.split_files import Sample

    train = load_labelled(folder, LABELS_LEARNT_FROM, Sample())
    texts = load_labelled(folder, plan.split, Sample(size=plan.max_queries, seed=plan.seed))

    def wrapped() -> AbsTask:
        from embedrank.evaluation.mteb.local_rows import labels_task

        return labels_task(train, texts)

    counts = {"num_texts": len(texts.texts)}
    return _of_rows(folder, "classification", plan, counts, [*texts.notes, *_mixed(texts.languages)], wrapped)


def _of_rows(
    folder: Path,
    task: str,
    plan: EvalPlan,
    counts: Mapping[str, int],
    notes: Sequence[str],
    wrapped: Callable[[], AbsTask],
) -> LocalSet:
    sizes = ", ".join(f"{count} {name.removeprefix('num_')}" for name, count in counts.items())
    title = f"{folder.name} {plan.split}, {task.replace('_', ' ')}: {sizes}"
    return LocalSet(
        folder=folder,
        split=plan.split,
        task=task,
        title=title,
        counts=counts,
        figures=FIGURES[task],
        notes=notes,
        wrapped=wrapped,
    )


def _mixed(languages: Sequence[str]) -> list[str]:
    several = len(set(languages)) > 1
    return ["languages are measured together here, without mteb each apart"] if several else []
