"""Numbers and names as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final


def number(value: float) -> str:
    """A count, with commas at thousands."""
    return f"{value:,.0f}"


def percent(share: float, places: int = 1) -> str:
    """A share in percent; what is more than nothing is not shown as nothing."""
    if 0 < share < 0.5 / 10 ** (places + 2):
        return f"under {10**-places:g} %"
    return f"{share * 100:.{places}f} %"


def points(share: float) -> str:
    """A difference of shares."""
    return f"{share * 100:.1f} points"


def figure(value: float) -> str:
    """A measured number with three digits that count; whole numbers whole."""
    if value == int(value):
        return number(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def short(value: float) -> str:
    """A large count in thousands or millions."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / (1e3 if unit == 'k' else size):.3g} {unit}"
    return number(value)


def money(value: float) -> str:
    """An amount; small ones with more digits."""
    return "0" if value == 0 else f"{value:,.2f}" if value >= 1 else f"{value:.2g}"


def duration(seconds: float) -> str:
    """A time in the two largest units that it has."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def words(name: str) -> str:
    """A name as words."""
    return name.replace("_", " ")


def css(share: float) -> str:
    """A share as a width, within the whole."""
    return f"{min(1.0, max(0.0, share)) * 100:.2f}%"


FORMATS: Final[Mapping[str, Callable[..., Any]]] = {
    each.__name__: each for each in (number, percent, points, figure, short, money, duration, words, css)
}
