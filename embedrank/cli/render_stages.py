"""What each stage made of one query: a row for each document that any stage put on top, a column for each stage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from embedrank.core.types import Chunk, Scored
    from embedrank.search.ranking import Ranking

TOP: Final = 3
_NAMES: Final = {"lexical": "BM25", "dense": "dense", "fused": "fused", "rerank": "rerank", "final": "final"}
_LABEL_CHARS: Final = 160


def stage_table(ranking: Ranking, *, gold: Collection[str], top: int = TOP) -> Table:
    """The first places of every stage side by side.

    Args:
        ranking: All stages of one query.
        gold: Ids of the documents that answer it; marked, and shown wherever they stand.
        top: Places of each stage to show.

    Returns:
        A table that fits any width; long labels are cut.
    """
    stages = {**ranking.stages(), "final": ranking.final}
    if [row.id for row in stages[list(ranking.stages())[-1]]][:top] == [row.id for row in ranking.final[:top]]:
        del stages["final"]  # the last stage decided alone
    ranks = {stage: {row.id: place for place, row in enumerate(rows, start=1)} for stage, rows in stages.items()}
    shown = [name for name in _NAMES if name in ranks]
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0), expand=True)
    table.add_column("", width=1)
    table.add_column("document", ratio=1, no_wrap=True, overflow="ellipsis")
    for stage in shown:
        table.add_column(_NAMES[stage], justify="right", no_wrap=True, width=len(_NAMES[stage]))
    for row in _rows(list(stages.values()), ranking, gold, top):
        chunk = ranking.chunks[row.id]
        right = chunk.document_id in gold
        places = [_place(ranks[stage].get(row.id), top) for stage in shown]
        table.add_row(Text("✓" if right else "", style="bold green"), _label(chunk, bold=right), *places)
    return table


def _rows(lists: Sequence[Sequence[Scored]], ranking: Ranking, gold: Collection[str], top: int) -> list[Scored]:
    """Rows of the final order that some stage has on top, or that are gold."""
    wanted = {row.id for rows in lists for row in rows[:top]}
    return [
        row
        for row in ranking.final
        if row.id in ranking.chunks and (row.id in wanted or ranking.chunks[row.id].document_id in gold)
    ]


def _place(rank: int | None, top: int) -> Text:
    if rank is None:
        return Text("–", style="dim")
    return Text(f"#{rank}", style="bold" if rank == 1 else "" if rank <= top else "dim")


def _label(chunk: Chunk, *, bold: bool) -> Text:
    title = f"{chunk.title}: " if chunk.title else ""
    return Text(" ".join((title + chunk.text[:_LABEL_CHARS]).split()), style="bold" if bold else "")
