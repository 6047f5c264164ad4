"""Lines of the output files: what is written of a draft, and how its row is read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from embedrank.synthesis.draft import Draft, SyntheticRow
from embedrank.synthesis.sifting import Sifted


def row_record(row: SyntheticRow) -> dict[str, Any]:
    """A row as training reads it.

    Args:
        row: The row.

    Returns:
        Its fields; `None` is left out, and so are an empty source and empty negatives.
    """
    record = asdict(row)
    return {name: value for name, value in record.items() if value not in (None, "", ())}


def made_record(end: Sifted, generator: str) -> dict[str, Any]:
    """Where a row that is kept comes from.

    Args:
        end: Its draft.
        generator: Name of the generator.

    Returns:
        Key, passage, wish, facts, generator, figures.
    """
    draft = end.draft
    return {
        "key": draft.key,
        "passage": draft.passage.id,
        "wish": wish_record(draft),
        "facts": dict(draft.facts),
        "generator": generator,
        "figures": {name: round(value, 6) for name, value in end.figures.items()},
    }


def dropped_record(end: Sifted) -> dict[str, Any]:
    """Why a draft was dropped.

    Args:
        end: Its draft.

    Returns:
        Key, passage, wish, stage, reason, detail, and the row if there was one.
    """
    assert end.rejected is not None
    row = {} if end.draft.row is None else {"row": row_record(end.draft.row)}
    names = {"key": end.draft.key, "passage": end.draft.passage.id, "wish": wish_record(end.draft)}
    return {**names, **asdict(end.rejected), **row}


def wish_record(draft: Draft) -> dict[str, Any]:
    """The wish of a draft, without what it leaves open."""
    return {name: value for name, value in asdict(draft.wish).items() if value is not None}


def line(record: Mapping[str, Any]) -> bytes:
    """One line of JSON; what no UTF-8 can hold is escaped."""
    text = json.dumps(record, ensure_ascii=False) + "\n"
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # half of a pair, as broken answers have them
        return (json.dumps(record) + "\n").encode("ascii")


def read_back(draft: Draft, row: Mapping[str, Any], made: Mapping[str, Any]) -> Draft:
    """A draft whose row was kept, as it was then.

    Args:
        draft: As the plan makes it.
        row: Its record among the rows.
        made: Its record beside them.

    Returns:
        The draft with facts and row; lists in facts stand for what were tuples.
    """
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return replace(draft, facts=made["facts"], row=SyntheticRow(**fields))
