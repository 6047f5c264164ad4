"""Drops rows that are incomplete, or not typed as their task needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from embedrank.core.same_text import normalised
from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.filters.bounds import check_whole, check_within
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.stateless import StatelessFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What rows of a task must have.

    Attributes:
        has_score: Whether they carry a graded score; others must not.
        needs_negatives: Whether they are of no use without one.
        may_repeat: Whether the query may be the same text as a positive.
    """

    has_score: bool = False
    needs_negatives: bool = False
    may_repeat: bool = False


SHAPES: Final[Mapping[str, Shape]] = {
    "retrieval": Shape(),
    "sts": Shape(has_score=True, may_repeat=True),
    "classification": Shape(needs_negatives=True),  # the wrong labels
    "bitext": Shape(),
    "clustering": Shape(),
    "code": Shape(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaConfig:
    """What the format leaves open.

    Attributes:
        min_negatives: Least negatives of a row, whatever its task; rows with a score have none.
        min_score: Least score of a row that has one.
        max_score: Largest score of a row that has one.
    """

    min_negatives: int = 0
    min_score: float = 0.0
    max_score: float = 1.0

    def __post_init__(self) -> None:
        check_whole("filters.schema", {"min_negatives": self.min_negatives}, least=0)
        check_within("filters.schema", {"min_score": self.min_score}, -math.inf, math.inf)
        check_within("filters.schema", {"max_score": self.max_score}, self.min_score, math.inf)


class SchemaFilter(StatelessFilter):
    """Looks at rows of every kind."""

    name = "schema"

    def __init__(self, config: SchemaConfig, needs: FilterNeeds) -> None:
        """Take the settings.

        Args:
            config: What the format leaves open.
            needs: Unused.
        """
        self._config = config

    def verdict(self, draft: Draft, row: SyntheticRow) -> Verdict:
        """Drop a row with the first thing that is wrong with it."""
        if row.task not in SHAPES:
            return drop("unknown task", str(row.task))
        shape = SHAPES[row.task]
        problem = _text_problem(row) or self._negatives_problem(row, shape) or self._score_problem(row, shape)
        if problem is None and not shape.may_repeat and normalised(row.query) in map(normalised, row.positives):
            problem = "query is its positive"
        return keep() if problem is None else drop(problem)

    def _negatives_problem(self, row: SyntheticRow, shape: Shape) -> str | None:
        least = 0 if shape.has_score else max(self._config.min_negatives, int(shape.needs_negatives))
        if len(row.negatives) < least:
            return "too few negatives"
        negatives = [normalised(text) for text in row.negatives]
        if len(set(negatives)) < len(negatives):
            return "negatives repeat"
        if set(negatives) & {normalised(text) for text in row.positives}:
            return "negative is a positive"
        return "negative is the query" if normalised(row.query) in negatives else None

    def _score_problem(self, row: SyntheticRow, shape: Shape) -> str | None:
        if not shape.has_score:
            return None if row.score is None else "score where there is none"
        if row.score is None:
            return "no score"
        if isinstance(row.score, bool) or not isinstance(row.score, int | float):
            return "score is no number"
        return None if self._config.min_score <= row.score <= self._config.max_score else "score out of range"


def _text_problem(row: SyntheticRow) -> str | None:
    if not _is_text(row.query):
        return "no query"
    if not row.positives or not all(map(_is_text, row.positives)):
        return "no positive"
    if not all(map(_is_text, row.negatives)):
        return "blank negative"
    return None if all(map(_is_clean, (row.query, *row.positives, *row.negatives))) else "damaged characters"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_clean(text: str) -> bool:
    """Whether a text can be written as UTF-8 and holds no trace of one that was read as something else."""
    return not any("\ud800" <= c <= "\udfff" or c in "\0\ufffd" for c in text)
