"""Plots as PNG, as SVG, and as SVG that takes its colours from the page it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from embedrank.evaluation.curves.drawing import drawing
from embedrank.evaluation.curves.plots import PLOTS, Plot

_INCHES: Final = (4.8, 3.3)
_BAR_INCHES: Final = 0.16


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One plot, drawn.

    Attributes:
        name: Of the files.
        plot: What it shows.
        png: File content.
        svg: File content.
        inline: An SVG element for a page.
    """

    name: str
    plot: Plot
    png: bytes
    svg: str
    inline: str


def pictures(content: Mapping[str, Any]) -> list[Picture]:
    """Draw all plots that there are numbers for.

    Args:
        content: Of `curves.json`.

    Returns:
        The pictures.
    """
    return [_picture(name, plot, content) for name, plot in PLOTS.items() if content[plot.source]]


def _picture(name: str, plot: Plot, content: Mapping[str, Any]) -> Picture:
    height = max(_INCHES[1], _BAR_INCHES * len(content["languages"])) if name == "languages" else _INCHES[1]
    drawn = drawing(plot.title, lambda axes: plot.draw(axes, content), inches=(_INCHES[0], height))
    return Picture(name=name, plot=plot, png=drawn.png, svg=drawn.svg, inline=drawn.inline)
