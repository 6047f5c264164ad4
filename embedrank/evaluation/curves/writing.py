"""Curves into a folder: numbers, pictures, and a page that shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from embedrank.core.durable import replace_durably
from embedrank.core.errors import StorageError
from embedrank.core.page_parts import page_folders
from embedrank.core.wording import FORMATS
from embedrank.evaluation.curves.pictures import Picture, pictures

NUMBERS: Final = "curves.json"
PAGE: Final = "curves.html"


def write_curves(folder: Path, content: Mapping[str, Any]) -> list[Path]:
    """Write `curves.json`, a PNG and an SVG for each plot, and `curves.html`.

    Args:
        folder: Where; made if it is not there.
        content: All numbers: those of `Curves.content`, with `sets`, `settings` and `notes`.

    Returns:
        The files.

    Raises:
        StorageError: If they cannot be written.
    """
    drawn = pictures(content)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_durably(folder / NUMBERS, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
        for picture in drawn:
            (folder / f"{picture.name}.png").write_bytes(picture.png)
            replace_durably(folder / f"{picture.name}.svg", picture.svg)
        replace_durably(folder / PAGE, curves_page(content, drawn))
    except OSError as error:
        raise StorageError(folder, f"cannot write the curves: {error.strerror or error}") from error
    files = [f"{picture.name}.{suffix}" for picture in drawn for suffix in ("png", "svg")]
    return [folder / name for name in (PAGE, NUMBERS, *files)]


def curves_page(content: Mapping[str, Any], drawn: Sequence[Picture]) -> str:
    """Lay out the page.

    Args:
        content: As in `write_curves`.
        drawn: Its pictures.

    Returns:
        HTML that needs nothing from outside.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(page_folders("evaluation", "curves"))
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters.update(FORMATS)
    shown = [
        {
            "title": picture.plot.title,
            "told": picture.plot.told,
            "svg": picture.inline,
            "rows": _rows(content[picture.plot.source]),
        }
        for picture in drawn
    ]
    page = environment.get_template("curves.html.jinja").render({**content, "pictures": shown})
    return page.strip() + "\n"


def _rows(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Points as the rows of a table, all with the same fields; of calibrations their bins."""
    rows = [
        {"reranker": point["reranker"], **each} if "bins" in point else each
        for point in points
        for each in point.get("bins", [point])
    ]
    fields = dict.fromkeys(name for row in rows for name in row)
    return [{name: _shown(row.get(name)) for name in fields} for row in rows]


def _shown(value: Any) -> Any:
    """An interval in one cell, yes and no in words, and nothing for None."""
    if isinstance(value, list | tuple):
        return " ".join(f"{end:.4f}" for end in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value
