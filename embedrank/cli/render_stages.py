"""What each stage made of one query: a row for each document that any stage put on top, a column for each stage."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from embedrank.core.protocols import ChunkReader
    from embedrank.core.types import Chunk, Scored, StageScore
    from embedrank.search.ranking import Ranking

TOP: Final = 3
_NAMES: Final = {"lexical": "BM25", "dense": "dense", "fused": "fused", "rerank": "rerank", "final": "final"}
_LABEL_CHARS: Final = 160


def stage_table(ranking: Ranking, *, gold: Collection[str], chunks: ChunkReader, top: int = TOP) -> Table:
    """The first places of every stage side by side, in the final order.

    Args:
        ranking: All stages of one query.
        gold: Ids of the documents that answer it; marked, and shown wherever they stand.
        chunks: Where texts are read back.
        top: Places of each stage to show.

    Returns:
        A table that fits any width; long labels are cut.
    """
    from embedrank.search.ranking import document_of, places

    stages = _shown_stages(ranking, top)
    ranks = {stage: places(rows) for stage, rows in stages.items()}
    best = {row.id for rows in stages.values() for row in rows[:top]}
    ids = [row.id for row in ranking.final if row.id in best or document_of(row.id) in gold]
    table = _empty(list(stages))
    found = False
    for chunk in chunks.get(ids):
        right = chunk.document_id in gold
        found = found or right
        mark = Text("✓" if right else "", style="bold green")
        table.add_row(mark, _label(chunk, bold=right), *(_place(ranks[stage].get(chunk.id), top) for stage in stages))
    if gold and not found:
        table.add_row(
            Text("✗", style="bold red"), Text("the answer was not recalled", style="dim"), *("–" for _ in stages)
        )
    return table


def _shown_stages(ranking: Ranking, top: int) -> Mapping[str, Sequence[Scored]]:
    """Lists by stage in the order of columns; the final order only where it is not the last stage's own."""
    lists = ranking.stages()
    shown: dict[str, Sequence[Scored]] = {stage: lists[stage] for stage in _NAMES if stage in lists}
    last = list(shown)[-1]
    if [row.id for row in shown[last]][:top] != [row.id for row in ranking.final[:top]]:
        shown["final"] = ranking.final
    return shown


def _empty(stages: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0), expand=True)
    table.add_column("", width=1)
    table.add_column("document", ratio=1, no_wrap=True, overflow="ellipsis")
    for stage in stages:
        table.add_column(_NAMES[stage], justify="right", no_wrap=True, width=len(_NAMES[stage]))
    return table


def _place(placed: StageScore | None, top: int) -> Text:
    if placed is None:
        return Text("–", style="dim")
    return Text(f"#{placed.rank}", style="bold" if placed.rank == 1 else "" if placed.rank <= top else "dim")


def _label(chunk: Chunk, *, bold: bool) -> Text:
    title = f"{chunk.title}: " if chunk.title else ""
    return Text(" ".join((title + chunk.text[:_LABEL_CHARS]).split()), style="bold" if bold else "")
