"""Answers of models as values: JSON that may stand in prose or a fence and may be sloppy, checked against its schema.

Nothing here raises because of a text, and nothing evaluates one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from embedrank.synthesis.schema import mismatch
from embedrank.synthesis.sloppy_json import CutShortError, NotJsonError, parse_sloppy

_MAX_TRIES: Final = 16
_MAX_CHARS: Final = 200_000
_THOUGHT: Final = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Why an answer cannot be used.

    Attributes:
        reason: `empty answer`, `no JSON`, `cut short`, `wrong shape` or `unwritable text`, to be counted by.
        detail: What exactly was wrong.
    """

    reason: str
    detail: str


def read_answer(text: str, schema: Mapping[str, Any]) -> dict[str, Any] | Unusable:
    """Find the object that was asked for in an answer.

    Args:
        text: What the model wrote: the object alone, in a fence, or with prose around it; with commas too many, with
            single quotes or Python's constants.
        schema: What it must look like; see `schema.py` for what is understood of JSON schema.

    Returns:
        The first object that fits; or what is wrong with the first one that could be read at all.
    """
    text = _THOUGHT.sub("", text[:_MAX_CHARS]).strip()
    if not text:
        return Unusable(reason="empty answer", detail="nothing was written")
    first: Unusable | None = None
    for value in _objects(text):
        problem = value if isinstance(value, Unusable) else _problem(value, schema)
        if problem is None:
            assert isinstance(value, dict)
            return value
        if first is None or (first.reason == "no JSON" != problem.reason):
            first = problem
    return first or Unusable(reason="no JSON", detail=f"no object in {_shown(text)}")


def _objects(text: str) -> Iterator[Any]:
    """Values that begin at an opening brace, each after the end of the one before; those that cannot be read as why."""
    start = text.find("{")
    for _ in range(_MAX_TRIES):
        if start < 0:
            return
        try:
            value, end = parse_sloppy(text, start)
            yield value
        except CutShortError as error:
            yield Unusable(reason="cut short", detail=f"{error} in {_shown(text[start:])}")
            end = start + 1
        except NotJsonError as error:
            yield Unusable(reason="no JSON", detail=f"{error} in {_shown(text[start:])}")
            end = start + 1
        start = text.find("{", end)


def _problem(value: Any, schema: Mapping[str, Any]) -> Unusable | None:
    if problem := mismatch(value, schema):
        return Unusable(reason="wrong shape", detail=problem)
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        return Unusable(reason="unwritable text", detail=f"half of a character pair: {error.reason}")
    return None


def _shown(text: str, width: int = 120) -> str:
    return ascii(text if len(text) <= width else f"{text[:width]}...")
