"""Training rows: the one format that all training data is brought to.

`{"task", "instruction"?, "query", "positives": [..], "negatives": [..], "score"?, "source", "lang"?,
"document_ids"?: [..], "teacher_scores"?: [..]}`, one a line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import DatasetError, InvalidInputError
from embedrank.training.data.readers import jsonl
from embedrank.training.data.record import Malformed
from embedrank.training.data.source import SourceConfig
from embedrank.training.tasks import TASKS

_FIELDS: Final = {
    *("task", "instruction", "query", "positives", "negatives", "score", "source", "lang"),
    *("document_ids", "teacher_scores"),
}


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
        document_ids: One for each of `positives`, then of `negatives`; equal ids are the same document (in clustering:
            the same cluster). Where empty, documents with the same text are the same.
        teacher_scores: A teacher's score for each of `positives`, then of `negatives`; empty where there is none.
    """

    task: str
    query: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    source: str = ""
    instruction: str | None = None
    score: float | None = None
    lang: str | None = None
    document_ids: tuple[str, ...] = ()
    teacher_scores: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        num_documents = len(self.positives) + len(self.negatives)
        for name in ("document_ids", "teacher_scores"):
            if (count := len(getattr(self, name))) not in (0, num_documents):
                problem = f"{count} {name} for {num_documents} documents of a row of {self.source!r}"
                raise InvalidInputError("training row", problem, hint="change them together with the documents")

    @property
    def identities(self) -> tuple[str, ...]:
        """What tells documents apart, for each of `positives`, then of `negatives`: ids, else texts."""
        return self.document_ids or (*self.positives, *self.negatives)

    def with_negatives(self, negatives: Sequence[str]) -> TrainingRow:
        """The row with other negatives; new ones are told apart by their text, and no teacher has scored them.

        Args:
            negatives: Their texts; those that the row has already keep their ids.

        Returns:
            The row, without teacher's scores.
        """
        known = dict(zip(self.negatives, self.identities[len(self.positives) :], strict=True))
        names = (*self.identities[: len(self.positives)], *[known.get(text, text) for text in negatives])
        ids = names if self.document_ids else ()
        return replace(self, negatives=tuple(negatives), document_ids=ids, teacher_scores=())

    def reordered(self, positives: Sequence[int], negatives: Sequence[int]) -> TrainingRow:
        """The row with its documents in another order; what belongs to a document goes with it.

        Args:
            positives: Places of the positives wanted, at least one.
            negatives: Places of the negatives wanted.

        Returns:
            The row.
        """
        places = [*positives, *[len(self.positives) + place for place in negatives]]
        return replace(
            self,
            positives=tuple(self.positives[place] for place in positives),
            negatives=tuple(self.negatives[place] for place in negatives),
            document_ids=tuple(self.document_ids[place] for place in places) if self.document_ids else (),
            teacher_scores=tuple(self.teacher_scores[place] for place in places) if self.teacher_scores else (),
        )


def plain_fields(row: TrainingRow) -> dict[str, Any]:
    """A row as files hold it: what is not known is left out.

    Args:
        row: The row.

    Returns:
        Field to value.
    """
    return {name: value for name, value in asdict(row).items() if value is not None and value != ()}


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
    if fields.get("score") is not None and not _is_number(fields["score"]):
        return Malformed(reason="bad score", problem="score must be a finite number")
    of_documents = _of_documents(fields, len(positives) + len(negatives))
    if isinstance(of_documents, Malformed):
        return of_documents
    texts = {"positives": tuple(positives), "negatives": tuple(negatives), "source": fields.get("source") or ""}
    return TrainingRow(**{**fields, **texts, **of_documents})


def _of_documents(fields: Mapping[str, Any], num_documents: int) -> dict[str, tuple[Any, ...]] | Malformed:
    """What is given document by document."""
    found = {}
    for name, is_right, kind in (
        ("document_ids", _is_text, "non-empty strings"),
        ("teacher_scores", _is_number, "finite numbers"),
    ):
        values = fields.get(name) or []
        if not isinstance(values, list) or not all(is_right(value) for value in values):
            return Malformed(reason=f"bad {name}", problem=f"{name} must be a list of {kind}")
        if values and len(values) != num_documents:
            return Malformed(reason=f"bad {name}", problem=f"{name} must be one for each positive, then each negative")
        found[name] = tuple(values)
    return found


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(text) for text in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
