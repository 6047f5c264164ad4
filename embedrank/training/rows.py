"""Training rows: the one format that all training data is brought to.

`{"task", "instruction"?, "query", "positives": [..], "negatives": [..], "score"?, "source", "lang"?}`, one a line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import DatasetError
from embedrank.training.data.readers import jsonl
from embedrank.training.data.record import Malformed
from embedrank.training.data.source import SourceConfig
from embedrank.training.tasks import TASKS

_FIELDS: Final = {"task", "instruction", "query", "positives", "negatives", "score", "source", "lang"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow:
    """One query with what answers it and, where known, what does not.

    Attributes:
        task: One of `TASKS`.
        query: Query text.
        positives: At least one text that answers it.
        negatives: Texts that look like answers and are not.
        source: Name of the set; batches are drawn from one source at a time.
        instruction: Task in one English sentence, or None for a raw query.
        score: Graded similarity, for STS.
        lang: Language of the query, where known.
    """

    task: str
    query: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    source: str = ""
    instruction: str | None = None
    score: float | None = None
    lang: str | None = None


def read_rows(path: Path) -> Iterator[TrainingRow]:
    """Read rows from a jsonl file, plain or gzipped.

    Args:
        path: The file.

    Yields:
        Rows in the order of the file.

    Raises:
        DatasetError: If the file is missing or a line is malformed; the error names the line.
    """
    for record in jsonl.read(path, SourceConfig(files=(str(path),))):
        row = record if isinstance(record, Malformed) else checked_row(record.fields)
        if isinstance(row, Malformed):
            raise DatasetError(path, row.problem, line=record.line)
        yield row


def checked_row(fields: Mapping[str, Any]) -> TrainingRow | Malformed:
    """Make a row of plain values.

    Args:
        fields: Values under the names of the format; None where there is none.

    Returns:
        The row; or what is wrong with it.
    """
    if unknown := set(fields) - _FIELDS:
        return Malformed(reason="unknown fields", problem=f"unknown fields {sorted(unknown)}")
    if fields.get("task") not in TASKS:
        return Malformed(reason="unknown task", problem=f"task {fields.get('task')!r} is none of {', '.join(TASKS)}")
    query, positives, negatives = fields.get("query"), fields.get("positives"), fields.get("negatives")
    negatives = [] if negatives is None else negatives
    if not isinstance(query, str) or not query.strip():
        return Malformed(reason="no query", problem="query must be a non-empty string")
    if not _is_texts(positives) or not positives:
        return Malformed(reason="no positives", problem="positives must be a non-empty list of strings")
    if not _is_texts(negatives):
        return Malformed(reason="bad negatives", problem="negatives must be a list of strings")
    for name in ("instruction", "source", "lang"):
        if not isinstance(fields.get(name), str | None):
            return Malformed(reason=f"bad {name}", problem=f"{name} must be a string")
    score = fields.get("score")
    if score is not None and (
        not isinstance(score, int | float) or isinstance(score, bool) or not math.isfinite(score)
    ):
        return Malformed(reason="bad score", problem="score must be a finite number")
    texts = {"positives": tuple(positives), "negatives": tuple(negatives), "source": fields.get("source") or ""}
    return TrainingRow(**{**fields, **texts})


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text.strip() for text in value)
