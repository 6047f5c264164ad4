"""Search results for people: place, title, a snippet with marked words, and a dim line that says why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

if TYPE_CHECKING:
    from embedrank.core.types import Hit

_SNIPPET_LINES: Final = 3
_NARROWEST: Final = 20


def print_hits(console: Console, hits: Sequence[Hit]) -> None:
    """Print hits one below the other; nothing is wider than the terminal.

    Args:
        console: Where to.
        hits: Best first.
    """
    indent = len(str(len(hits))) + 2
    for rank, hit in enumerate(hits, start=1):
        if rank > 1:
            console.print()
        _print_hit(console, hit, str(rank).ljust(indent), indent)


def _print_hit(console: Console, hit: Hit, number: str, indent: int) -> None:
    from embedrank.search.explain import why
    from embedrank.search.snippet import snippet

    width = max(console.width - indent, _NARROWEST)
    console.print(Text.assemble((number, "bold"), (location(hit), "bold cyan")), soft_wrap=True)
    if hit.title:
        console.print(Padding(Text(" ".join(hit.title.split()), style="bold"), (0, 0, 0, indent), expand=False))
    short = snippet(hit.text, hit.highlights, width=width * _SNIPPET_LINES)
    body = Text(short.text)
    for low, high in short.marks:
        body.stylize("bold yellow", low, high)
    console.print(Padding(body, (0, 0, 0, indent), expand=False))
    console.print(Padding(Text(why(hit.stages), style="dim"), (0, 0, 0, indent), expand=False))


def location(hit: Hit) -> str:
    """Where a hit is found: `path:line` as editors and terminals understand it, relative to here; else the chunk's id.

    Args:
        hit: A search result.

    Returns:
        Text for people, also fit to be clicked on.
    """
    if hit.path is None:
        return hit.id
    here = Path.cwd()
    path = str(Path(hit.path).relative_to(here)) if here in Path(hit.path).parents else hit.path
    return path if hit.start_line is None else f"{path}:{hit.start_line}"


def hit_json(hit: Hit) -> dict[str, object]:
    """A hit as plain values.

    Args:
        hit: A search result.

    Returns:
        Values that `json.dumps` takes; highlights are `[start, end]` in characters of `text`.
    """
    return {
        "id": hit.id,
        "document_id": hit.document_id,
        "score": hit.score,
        "path": hit.path,
        "start_line": hit.start_line,
        "title": hit.title,
        "text": hit.text,
        "stages": {name: {"rank": stage.rank, "score": stage.score} for name, stage in hit.stages.items()},
        "highlights": [list(span) for span in hit.highlights],
        "metadata": dict(hit.metadata),
    }
