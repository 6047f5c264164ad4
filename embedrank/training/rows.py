"""Training rows: the one format that all training data comes in.

`{"task", "instruction"?, "query", "positives": [..], "negatives": [..], "score"?, "source", "lang"?}`, one a line.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedrank.core.errors import DatasetError

TASKS = ("retrieval", "sts", "classification", "bitext", "clustering", "code")
_FIELDS = {"task", "instruction", "query", "positives", "negatives", "score", "source", "lang"}


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
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _parse(line, path, number)
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(path, f"cannot be read: {error}") from error


def _parse(line: str, path: Path, number: int) -> TrainingRow:
    try:
        raw: Any = json.loads(line)
    except ValueError as error:
        raise DatasetError(path, f"is not JSON: {error}", line=number) from error
    if not isinstance(raw, dict):
        raise DatasetError(path, "is not a JSON object", line=number)
    if unknown := set(raw) - _FIELDS:
        raise DatasetError(path, f"unknown fields {sorted(unknown)}", line=number)
    if raw.get("task") not in TASKS:
        raise DatasetError(path, f"task {raw.get('task')!r} is none of {', '.join(TASKS)}", line=number)
    query, positives, negatives = raw.get("query"), raw.get("positives"), raw.get("negatives", [])
    if not isinstance(query, str) or not query.strip():
        raise DatasetError(path, "query must be a non-empty string", line=number)
    if not _is_texts(positives) or not positives:
        raise DatasetError(path, "positives must be a non-empty list of strings", line=number)
    if not _is_texts(negatives):
        raise DatasetError(path, "negatives must be a list of strings", line=number)
    return TrainingRow(**{**raw, "positives": tuple(positives), "negatives": tuple(negatives)})


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text.strip() for text in value)
