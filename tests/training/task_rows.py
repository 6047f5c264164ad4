"""Rows of every task, as the losses want them."""

from __future__ import annotations

from typing import Any

from embedrank.training.rows import TrainingRow

NUM_ROWS, LABELS = 7, ("red", "green", "blue")
TASKS = ("retrieval", "sts", "classification", "bitext", "clustering", "code")


def rows_of(task: str, **changes: Any) -> list[TrainingRow]:
    """Seven rows whose texts differ in length; where the task has labels, three of them."""
    return [_row(task, number, changes) for number in range(NUM_ROWS)]


def _row(task: str, number: int, changes: dict[str, Any]) -> TrainingRow:
    letter, label = "abcdefg"[number], LABELS[number % 3]
    fields: dict[str, Any] = {
        "task": task,
        "query": letter * (2 + number % 4),
        "positives": (f"hello {letter} world" + " and on" * (number % 3),),
        "negatives": tuple(f"{letter} no {k}" for k in range(1 + number % 2)),
        "source": f"some {task}",
        "instruction": "Say it",
    }
    if task == "sts":
        fields |= {"negatives": (), "score": (number * 5) % 7 / 7}
    if task == "classification":
        fields |= {"positives": (label,), "negatives": tuple(other for other in LABELS if other != label)}
    if task == "clustering":
        fields |= {"negatives": (), "document_ids": (label,)}
    return TrainingRow(**{**fields, **changes})
