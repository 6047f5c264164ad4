"""Colours of the pictures, and which colour of a page each stands for, so that a page can be light or dark."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

INK: Final = "#1c2024"
QUIET: Final = "#62686f"
LINE: Final = "#dfdfd9"
PAPER: Final = "#fffffe"
SERIES: Final = ("#2f6f6a", "#c2553f", "#b58113", "#5b6fb5", "#8a5a94")

VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        INK: "--ink",
        QUIET: "--quiet",
        LINE: "--line",
        PAPER: "--card",
        **dict(zip(SERIES, ("--kept", "--lost", "--third", "--fourth", "--fifth"), strict=True)),
    }
)
"""Colour to the CSS variable of `page.css` and `curves.css`."""
