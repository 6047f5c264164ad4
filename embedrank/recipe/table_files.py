"""The ablation table as files: JSON, Markdown, a page, and pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedrank.core.durable import replace_durably
from embedrank.core.errors import StorageError
from embedrank.core.page_parts import page_folders
from embedrank.core.wording import FORMATS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from embedrank.evaluation.curves.drawing import Drawing

NAME: Final = "ablation"
_BAR_INCHES: Final = 0.34
_WIDTH_INCHES: Final = 6.4
MARKS: Final = (
    "+ and - where the 95 % interval and the randomisation test (p < 0.05) both call a difference to final real"
)


def write_table(folder: Path, content: Mapping[str, Any]) -> list[Path]:
    """Write `ablation.json`, `.md`, `.html`, and two pictures as PNG and SVG.

    Args:
        folder: Where.
        content: Of `table.table_of`.

    Returns:
        The files.

    Raises:
        StorageError: If they cannot be written.
    """
    drawn = _drawings(content)
    texts = {
        f"{NAME}.json": json.dumps(content, ensure_ascii=False, indent=1) + "\n",
        f"{NAME}.md": markdown(content),
        f"{NAME}.html": _page(content, drawn),
        **{f"{NAME}-{name}.svg": each.svg for name, each in drawn.items()},
    }
    try:
        for name, text in texts.items():
            replace_durably(folder / name, text)
        for name, each in drawn.items():
            (folder / f"{NAME}-{name}.png").write_bytes(each.png)
    except OSError as error:
        raise StorageError(folder, f"cannot write the table: {error.strerror or error}") from error
    return [folder / name for name in texts]


def markdown(content: Mapping[str, Any]) -> str:
    """The table for people who read text.

    Args:
        content: Of `table.table_of`.

    Returns:
        Markdown, points of 100.
    """
    columns = content["columns"]
    lines = [
        f"| variant | {' | '.join(columns)} | difference of {columns[-1]} | 95 % interval | p |",
        f"|---|{'--:|' * (len(columns) + 3)}",
    ]
    for row in content["rows"]:
        cells = [f"{100 * row['cells'][column]['value']:.1f}{row['cells'][column]['mark']}" for column in columns]
        lines.append(f"| {row['variant']} | {' | '.join(cells)} | {' | '.join(compared(row['cells'][columns[-1]]))} |")
    sets = ", ".join(f"{each['name']} ({each['type']}, {each['num_queries']})" for each in content["sets"])
    told = f"nDCG@10, {content['system']}, points of 100. {MARKS}. Sets with type and queries: {sets}."
    return "\n".join([*lines, "", told, ""])


def compared(cell: Mapping[str, Any]) -> list[str]:
    """Difference, interval and p value of a cell as texts; empty ones for the baseline.

    Args:
        cell: Of a row.

    Returns:
        Three texts, in points of 100.
    """
    if "difference" not in cell:
        return ["", "", ""]
    p_value = "<0.001" if cell["p_value"] < 0.001 else f"{cell['p_value']:.3f}"
    return [f"{100 * cell['difference']:+.1f}", f"{100 * cell['low']:+.1f} to {100 * cell['high']:+.1f}", p_value]


def _drawings(content: Mapping[str, Any]) -> dict[str, Drawing]:
    from embedrank.evaluation.curves.drawing import drawing

    def height(num_lines: int) -> float:
        return 0.9 + _BAR_INCHES * num_lines

    differences, seconds = partial(_draw_differences, content=content), partial(_draw_seconds, content=content)
    rows, steps = len(content["rows"]), len(content["steps"])
    return {
        "difference": drawing("Difference to final", differences, inches=(_WIDTH_INCHES, height(rows))),
        "seconds": drawing("Seconds of each step", seconds, inches=(_WIDTH_INCHES, height(steps))),
    }


def _draw_differences(axes: Axes, content: Mapping[str, Any]) -> None:
    from embedrank.evaluation.curves.ink import QUIET, SERIES

    column = content["columns"][-1]
    rows = [row for row in content["rows"] if "difference" in row["cells"][column]]
    for place, row in enumerate(rows):
        cell = row["cells"][column]
        colour = SERIES[0] if cell["mark"] == "+" else SERIES[1] if cell["mark"] == "-" else QUIET
        axes.plot([100 * cell["low"], 100 * cell["high"]], [place, place], color=colour)
        axes.plot([100 * cell["difference"]], [place], marker="o", color=colour)
    axes.axvline(0, color=QUIET, linewidth=0.8)
    axes.set_yticks(range(len(rows)), [row["variant"] for row in rows])
    axes.invert_yaxis()
    axes.set(xlabel=f"points of nDCG@10, {column}, with 95 % interval")


def _draw_seconds(axes: Axes, content: Mapping[str, Any]) -> None:
    from embedrank.evaluation.curves.ink import SERIES

    steps = content["steps"]
    axes.barh(range(len(steps)), [step["wall_s"] for step in steps], color=SERIES[0])
    names = [
        step["step"] if step["variant"] == content["baseline"] else f"{step['variant']}: {step['step']}"
        for step in steps
    ]
    axes.set_yticks(range(len(steps)), names)
    axes.invert_yaxis()
    axes.set(xlabel="seconds")


def _page(content: Mapping[str, Any], drawn: Mapping[str, Drawing]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader([*page_folders("recipe"), *page_folders("evaluation", "curves")])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters.update(FORMATS)
    rows: Sequence[Mapping[str, Any]] = content["rows"]
    shown = [{**row, "compared": compared(row["cells"][content["columns"][-1]])} for row in rows]
    pictures = {name: each.inline for name, each in drawn.items()}
    page = environment.get_template("ablation.html.jinja").render(
        {**content, "rows": shown, "pictures": pictures, "marks": MARKS}
    )
    return page.strip() + "\n"
