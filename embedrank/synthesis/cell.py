"""The cell that a draft belongs to: kind of row, kind of query, language of the query."""

from __future__ import annotations

from typing import Final, NamedTuple

from embedrank.synthesis.draft import Draft

UNKNOWN: Final = "-"


class Cell(NamedTuple):
    """Rows of one cell are of one sort; `-` stands for what is not known or makes no sense."""

    kind: str
    query_type: str
    lang: str


def cell_of(draft: Draft) -> Cell:
    """The cell of a draft.

    Args:
        draft: With or without a row.

    Returns:
        What the steps found, else what the plan wished.
    """
    query_type = draft.facts.get("query_type") or draft.wish.query_type
    row_lang = draft.row.lang if draft.row is not None else None
    lang = row_lang or draft.wish.lang or draft.passage.lang
    return Cell(kind=draft.wish.kind, query_type=str(query_type or UNKNOWN), lang=lang or UNKNOWN)
