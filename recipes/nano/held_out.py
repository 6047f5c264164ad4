"""A small share of the training rows kept aside to choose settings by; test splits are never looked at."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from embedrank.training.rows import TrainingRow, read_rows

ONE_IN = 40
MOST_ROWS = 400
SKIPPED = ("banking77", "hwu64", "sib200")  # labels as positives need a loss without in-batch negatives


def is_held_out(row: TrainingRow) -> bool:
    """Whether a row is kept aside, decided by its positive, so that no document stands on both sides."""
    return zlib.crc32(row.positives[0].encode()) % ONE_IN == 0


def split(folder: Path, *, skip: Sequence[str]) -> tuple[dict[str, list[TrainingRow]], dict[str, list[TrainingRow]]]:
    """Rows to train on and rows kept aside, by source file."""
    train: dict[str, list[TrainingRow]] = {}
    held: dict[str, list[TrainingRow]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem in skip:
            continue
        for row in read_rows(path):
            (held if is_held_out(row) else train).setdefault(path.stem, []).append(row)
    return train, held


def mean_reciprocal_ranks(
    held: dict[str, list[TrainingRow]], embed: Callable[[Sequence[TrainingRow]], tuple[Tensor, Tensor]]
) -> dict[str, float]:
    """Mean reciprocal rank of each row's positive among the kept-aside positives of its source.

    Args:
        held: Kept-aside rows by source.
        embed: Rows to unit vectors of queries and of positives.

    Returns:
        A figure per source with at least 50 rows.
    """
    figures = {}
    for source, rows in held.items():
        rows = rows[:MOST_ROWS]
        if len(rows) < 50:
            continue
        with torch.no_grad():
            queries, positives = embed(rows)
        cosines = queries @ positives.T
        same = torch.tensor([[a.positives[0] == b.positives[0] for b in rows] for a in rows])
        own = cosines.diagonal()[:, None]
        ranks = ((cosines > own) & ~same).sum(1) + 1
        figures[source] = float((1 / ranks).mean())
    return figures
