"""The hand that draws: one plot as PNG, as SVG, and as SVG that takes its colours from the page it stands in."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from embedrank.evaluation.curves.ink import INK, LINE, QUIET, VARIABLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLE: Final[Any] = MappingProxyType(  # matplotlib types its keys as literals
    {
        "font.size": 9,
        "text.color": INK,
        "text.parse_math": False,  # texts are from data
        "axes.edgecolor": LINE,
        "axes.labelcolor": QUIET,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": LINE,
        "grid.linewidth": 0.6,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "lines.linewidth": 1.6,
        "lines.markersize": 4.5,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "embedrank",  # the same numbers make the same file
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One plot, drawn.

    Attributes:
        png: File content.
        svg: File content.
        inline: An SVG element for a page.
    """

    png: bytes
    svg: str
    inline: str


def drawing(title: str, draw: Callable[[Axes], None], *, inches: tuple[float, float]) -> Drawing:
    """Draw a plot.

    Args:
        title: Above it in the files; a page writes its own.
        draw: Puts it onto axes.
        inches: Width and height.

    Returns:
        The plot in its forms.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        figure = Figure(figsize=inches, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        draw(axes)
        inline = _svg(figure, transparent=True)
        axes.set_title(title, loc="left", fontweight="bold", fontsize=10)
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=200)
        return Drawing(png=png.getvalue(), svg=_svg(figure), inline=_coloured(inline, title))


def _svg(figure: Figure, *, transparent: bool = False) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=transparent, metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _coloured(svg: str, title: str) -> str:
    """The element without the head of a file, in the colours of a page."""
    element = svg[svg.index("<svg") :]
    if "<metadata>" in element:
        element = element[: element.index("<metadata>")] + element[element.index("</metadata>") + len("</metadata>") :]
    for colour, variable in VARIABLES.items():
        element = element.replace(f": {colour}", f": var({variable})")
    return element.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
