"""From the columns of a record to the fields of a training row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from embedrank.training.data.record import Malformed
from embedrank.training.data.source import SourceConfig

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A set of columns that is met often.

    Attributes:
        columns: Role to column; a row has this layout if it has all columns of `required`.
        required: Columns that tell it from the others.
        task: Task of rows that do not say it; None where they must.
    """

    columns: Mapping[str, str]
    required: Sequence[str]
    task: str | None = None


_ALWAYS: Final = {name: name for name in ("task", "instruction", "source", "lang")}

# The first layout that fits is taken.
LAYOUTS: Final[Mapping[str, Layout]] = {
    "rows": Layout(
        columns={name: name for name in ("query", "positives", "negatives", "score", "document_ids", "teacher_scores")},
        required=("query", "positives"),
    ),
    "anchor": Layout(
        columns={"query": "anchor", "positives": "positive", "negatives": "negative"},
        required=("anchor", "positive"),
        task="retrieval",
    ),
    "query_positive": Layout(
        columns={"query": "query", "positives": "positive", "negatives": "negative"},
        required=("query", "positive"),
        task="retrieval",
    ),
    "pos_neg": Layout(
        columns={"query": "query", "positives": "pos", "negatives": "neg"}, required=("query", "pos"), task="retrieval"
    ),
    "question_answer": Layout(
        columns={"query": "question", "positives": "answer"}, required=("question", "answer"), task="retrieval"
    ),
    "scored_pair": Layout(
        columns={"query": "sentence1", "positives": "sentence2", "score": "score"},
        required=("sentence1", "sentence2", "score"),
        task="sts",
    ),
    "labelled_text": Layout(
        columns={"query": "text", "label": "label"}, required=("text", "label"), task="classification"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How the records of one source are understood.

    Attributes:
        source: Columns to use or to leave alone, and the task of rows that do not say it.
        labels: All labels of the source; called when the first labelled row is met.
    """

    source: SourceConfig
    labels: Callable[[], Sequence[str]]
    _known: dict[frozenset[str], _Roles | Malformed] = field(default_factory=dict)

    def fields(self, record: Fields) -> Fields | Malformed:
        """Name the values of a record as the row format does.

        Args:
            record: Values by column.

        Returns:
            Values by field; or why the columns are not understood.
        """
        roles = self._roles(record)
        if isinstance(roles, Malformed):
            return roles
        found = {role: _value(role, [record[column] for column in columns]) for role, columns in roles.columns.items()}
        if found.get("task") is None:
            found["task"] = roles.task
        return self._labelled(found) if "label" in found else found

    def label(self, record: Fields) -> str | None:
        """The label of a record, if it has one that is text."""
        roles = self._roles(record)
        if isinstance(roles, Malformed) or "label" not in roles.columns:
            return None
        label = record[roles.columns["label"][0]]
        return label if isinstance(label, str) and label.strip() else None

    def _roles(self, record: Fields) -> _Roles | Malformed:
        names = frozenset(record)
        if names not in self._known:
            self._known[names] = _roles(names, self.source)
        return self._known[names]

    def _labelled(self, found: dict[str, Any]) -> Fields | Malformed:
        """The label's text is the positive, the source's other labels are the negatives."""
        label = found.pop("label")
        if not isinstance(label, str) or not label.strip():
            return Malformed(reason="bad label", problem=f"label {label!r} is no text; labels are compared as texts")
        others = [other for other in self.labels() if other != label]
        return {**found, "positives": [label], "negatives": [*(found.get("negatives") or []), *others]}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Roles:
    columns: Mapping[str, Sequence[str]]
    task: str | None


def _roles(names: frozenset[str], source: SourceConfig) -> _Roles | Malformed:
    """Which columns play which role."""
    names = names - set(source.ignore)
    found = _layout_roles(names) if source.columns is None else _named_roles(names, source.columns)
    if isinstance(found, Malformed):
        return found
    used = {column for columns in found.columns.values() for column in columns}
    if unknown := sorted(names - used):
        return Malformed(reason="unknown fields", problem=f"unknown fields {unknown}; use or `ignore` them")
    present = {role: [column for column in columns if column in names] for role, columns in found.columns.items()}
    columns = {role: columns for role, columns in present.items() if columns}
    return _Roles(columns=columns, task=source.task or found.task)


def _named_roles(names: frozenset[str], columns: Mapping[str, str | Sequence[str]]) -> _Roles | Malformed:
    roles = {role: [column] if isinstance(column, str) else list(column) for role, column in columns.items()}
    needed = {*roles["query"], *roles.get("label", ()), *roles.get("positives", ())}
    if missing := sorted(needed - names):
        return Malformed(reason="missing columns", problem=f"no column {', '.join(missing)}")
    return _Roles(columns=roles, task="classification" if "label" in roles else "retrieval")


def _layout_roles(names: frozenset[str]) -> _Roles | Malformed:
    layout = next((layout for layout in LAYOUTS.values() if names >= set(layout.required)), None)
    if layout is None:
        known = "; ".join(", ".join(layout.required) for layout in LAYOUTS.values())
        problem = f"columns {', '.join(sorted(names))} are no layout ({known}); name them under `columns`"
        return Malformed(reason="unknown columns", problem=problem)
    return _Roles(columns={role: [name] for role, name in {**_ALWAYS, **layout.columns}.items()}, task=layout.task)


def _value(role: str, values: list[Any]) -> Any:
    """One value; for positives and negatives a list of all texts."""
    if role not in ("positives", "negatives"):
        return values[0]
    if len(values) == 1 and not isinstance(values[0], str):
        return values[0]
    texts: list[Any] = []
    for value in values:
        if value is not None:
            texts += value if isinstance(value, list) else [value]
    return texts
