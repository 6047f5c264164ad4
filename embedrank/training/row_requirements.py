"""What a loss asks of the rows of a batch, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence

from embedrank.core.errors import InvalidInputError
from embedrank.training.losses.for_embedders import EmbedderLoss
from embedrank.training.losses.for_rerankers import RerankerLoss
from embedrank.training.rows import TrainingRow


def check_embedder_rows(rows: Sequence[TrainingRow], name: str, loss: EmbedderLoss, *, num_negatives: int) -> None:
    """Refuse rows that a loss cannot learn from.

    Args:
        rows: A batch.
        name: The loss's name.
        loss: The loss.
        num_negatives: Most hard negatives taken per row.

    Raises:
        InvalidInputError: If rows are of several tasks, lack a score or negatives, or have one that would be ignored.
    """
    if len(tasks := {row.task for row in rows}) > 1:
        raise _refused(rows[0], f"are of tasks {', '.join(sorted(tasks))}", "mix them in batches of one task")
    for row in rows:
        if loss.reads_scores and row.score is None:
            raise _refused(row, f"without a score, which {name} compares", _another("sts", "a loss without scores"))
        if row.task == "sts" and row.score is not None and not loss.reads_scores:
            raise _refused(row, f"with scores, which {name} ignores", _another("sts", "cosent"))
        if loss.needs_negatives and not row.negatives[:num_negatives]:
            hint = f"{_another(row.task, 'info_nce')}; num_negatives is {num_negatives}"
            raise _refused(row, f"without negatives, which {name} compares", hint)


def check_reranker_rows(rows: Sequence[TrainingRow], name: str, loss: RerankerLoss) -> None:
    """Refuse rows whose scores a loss cannot use.

    Args:
        rows: A batch.
        name: The loss's name.
        loss: The loss.

    Raises:
        InvalidInputError: If scores would be ignored, or are no probabilities.
    """
    for row in rows:
        if row.score is None:
            continue
        if loss.graded and not 0 <= row.score <= 1:
            raise _refused(row, f"with a score of {row.score}", "scale scores to 0..1")
        if row.task == "sts" and not loss.graded:
            raise _refused(row, f"with scores, which {name} ignores", "use loss: score_head, or regression")


def no_negatives(row: TrainingRow) -> InvalidInputError:
    """The error of a batch in which no query has anything to be compared with.

    Args:
        row: One of its rows.

    Returns:
        The error.
    """
    return InvalidInputError("training rows", f"no row of {row.source!r} has negatives", hint="mine some first")


def _refused(row: TrainingRow, problem: str, hint: str) -> InvalidInputError:
    return InvalidInputError("training rows", f"rows of {row.source!r} {problem}", hint=hint)


def _another(task: str, loss: str) -> str:
    return f"use another loss under task_losses: {{{task}: ...}}, such as {loss}"
