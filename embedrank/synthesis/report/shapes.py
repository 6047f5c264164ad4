"""Geometry of the page: paths and bars in the units of their pictures, which are 100 wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

_STEP: Final = 60.0  # height of one stage of the funnel
_THINNEST: Final = 0.4
_HEIGHT: Final = 40.0  # of a histogram
_GAP: Final = 0.12  # of a bar's width


def ribbon(stage: Mapping[str, Any]) -> str:
    """What goes on from one stage of the funnel to the next: as wide as all that came in, then as what is left.

    Args:
        stage: With `share_in` and `share_out` in 0..1.

    Returns:
        An SVG path.
    """
    top, bottom = _half(stage["share_in"]), _half(stage["share_out"])
    middle = _STEP / 2
    return (
        f"M{50 - top:.2f} 0H{50 + top:.2f}"
        f"C{50 + top:.2f} {middle:g} {50 + bottom:.2f} {middle:g} {50 + bottom:.2f} {_STEP:g}"
        f"H{50 - bottom:.2f}C{50 - bottom:.2f} {middle:g} {50 - top:.2f} {middle:g} {50 - top:.2f} 0Z"
    )


def drain(stage: Mapping[str, Any]) -> str:
    """What came into a stage of the funnel and does not go on, drawn behind the ribbon.

    Args:
        stage: With `share_in` in 0..1.

    Returns:
        An SVG path.
    """
    top = _half(stage["share_in"])
    return f"M{50 - top:.2f} 0H{50 + top:.2f}V{_STEP:g}H{50 - top:.2f}Z"


def bars(counts: Sequence[int]) -> list[dict[str, str]]:
    """The bars of a histogram.

    Args:
        counts: One for each bin.

    Returns:
        Place and size of each, as attributes of an SVG rectangle.
    """
    width, most = 100 / len(counts), max(1, *counts)
    heights = [count / most * _HEIGHT for count in counts]
    return [
        {
            "x": f"{place * width + width * _GAP / 2:.2f}",
            "y": f"{_HEIGHT - height:.2f}",
            "width": f"{width * (1 - _GAP):.2f}",
            "height": f"{height:.2f}",
        }
        for place, height in enumerate(heights)
    ]


def _half(share: float) -> float:
    return max(share * 100, _THINNEST if share else 0.0) / 2
