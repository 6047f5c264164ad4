"""Drafts: rows on the way, from a passage and a wish to a training row or a reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from embedrank.synthesis.passage import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the sampling plan wants of one row.

    Attributes:
        kind: Kind of row, a key of the table of kinds: `retrieval`, `bitext`, `sts`, `classification`, `code`.
        query_type: Kind of query within it: `keywords`, `acquire_knowledge`, `summary`, `yes_or_no`, `background`; of
            code rows `docstring`, `question`, `api`, `translation`. None lets the configure step choose.
        difficulty: `high_school`, `university` or `phd`; None lets the configure step choose.
        length: Words of the query, from and to.
        lang: ISO 639-1 code of the query's language; None is the passage's. Of code rows the language of the question,
            and of the type `translation` the programming language.
        score: Similarity of the two texts of an `sts` row, 0..1; None for other kinds.
        instead_of: The kind that the plan drew first, where the passage cannot serve it.
    """

    kind: str
    query_type: str | None = None
    difficulty: str | None = None
    length: tuple[int, int] | None = None
    lang: str | None = None
    score: float | None = None
    instead_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticRow:
    """A training row, in the words of `DESIGN.md`'s row format; `None` and empty fields are left out of files."""

    task: str
    query: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    source: str = ""
    instruction: str | None = None
    score: float | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One row on the way.

    Attributes:
        key: Unique in a run and the same in a run begun again.
        passage: What it is written for.
        wish: What the plan wants.
        facts: What the steps have found so far, by name: persona, query type, query, negatives.
        row: The row, once there is one.
    """

    key: str
    passage: Passage
    wish: Wish
    facts: Mapping[str, Any] = field(default_factory=dict)
    row: SyntheticRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Why a draft came to nothing.

    Attributes:
        stage: The step or filter that says so.
        reason: Short and the same for all of its kind, to be counted by.
        detail: What exactly was wrong.
    """

    stage: str
    reason: str
    detail: str = ""
