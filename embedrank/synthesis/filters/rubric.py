"""The rubric of the judge: what it is asked of a row of each task, and how its answer is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from string import Template
from typing import Any, Final

from embedrank.core.generation import GenerationRequest, Message
from embedrank.synthesis.answers import Unusable, read_answer
from embedrank.synthesis.data_files import data_file
from embedrank.synthesis.draft import Draft, SyntheticRow

WORST: Final = 1
BEST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """The criteria for one row.

    Attributes:
        task: What the judge is told that the row is.
        positive_name: What it is told that the positive is.
        criteria: What to look at, by name.
    """

    task: str
    positive_name: str
    criteria: Mapping[str, str]

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the answer."""
        grade = {"type": "integer", "minimum": WORST, "maximum": BEST}
        fields = {**dict.fromkeys(self.criteria, grade), "why": {"type": "string"}}
        return {"type": "object", "properties": fields, "required": list(self.criteria), "additionalProperties": False}


def rubric_for(row: SyntheticRow) -> Rubric | None:
    """The rubric for a row, or None for tasks that have none."""
    table = _table()
    entry = table["tasks"].get(row.task)
    if entry is None:
        return None
    criteria = dict(entry["criteria"])
    if row.negatives and row.task != "classification":  # whose own criteria are about the wrong labels
        criteria[table["negatives_criterion"]["name"]] = table["negatives_criterion"]["text"]
    return Rubric(task=entry["task"], positive_name=entry["positive_name"], criteria=criteria)


def judge_request(draft: Draft, row: SyntheticRow, rubric: Rubric, *, max_chars: int) -> GenerationRequest:
    """What to ask about one row.

    Args:
        draft: Gives the request its key.
        row: The row.
        rubric: Its rubric.
        max_chars: Longer texts are cut to this.

    Returns:
        The request.
    """
    table = _table()
    wrong = "\n".join(f"- {text[:max_chars]}" for text in row.negatives)
    content = Template(table["request"]).substitute(
        task=Template(rubric.task).safe_substitute(score=row.score),
        query=row.query[:max_chars],
        positive_name=rubric.positive_name,
        positive=row.positives[0][:max_chars],
        negatives=Template(table["negatives"]).substitute(texts=wrong) if wrong else "",
        criteria="\n".join(f"- {name}: {text}" for name, text in rubric.criteria.items()),
        keys=", ".join(f'"{name}"' for name in rubric.criteria),
    )
    return GenerationRequest(
        key=f"{draft.key}/judge",
        messages=(Message(role="system", content=table["system"]), Message(role="user", content=content)),
        schema=rubric.schema,
        max_tokens=256,
        temperature=0.0,
    )


def grades_in(answer: str, rubric: Rubric) -> dict[str, int] | None:
    """The grades of an answer.

    Args:
        answer: What the judge wrote: the object, alone or with prose around it.
        rubric: What was asked.

    Returns:
        A whole number in 1..5 by criterion; None where one is missing or no such number.
    """
    found = read_answer(answer, {"type": "object", "properties": {}, "required": list(rubric.criteria)})
    if isinstance(found, Unusable):
        return None
    given = {name: _grade(found[name]) for name in rubric.criteria}
    grades = {name: grade for name, grade in given.items() if grade is not None}
    return grades if len(grades) == len(given) else None


def _grade(value: object) -> int | None:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    except ValueError:
        return None
    return int(number) if WORST <= number <= BEST and number == int(number) else None


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(data_file("filters", "judge.json").read_text(encoding="utf-8"))
    return table
