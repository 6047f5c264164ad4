"""How an answer that is a bare list says which texts were cut: in a header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

HEADER: Final = "X-Truncated"
_MAX_PLACES: Final = 100  # of a header, which proxies allow a few kilobytes


def telling(truncated: Sequence[bool]) -> dict[str, str]:
    """The header.

    Args:
        truncated: Whether each text was cut.

    Returns:
        `X-Truncated: 3,17` with the places of those that were, no header if none was, and `...` at the end of a list
        that is too long for a header.
    """
    places = [str(place) for place, cut in enumerate(truncated) if cut]
    shown = places[:_MAX_PLACES] + ["..."] * (len(places) > _MAX_PLACES)
    return {HEADER: ",".join(shown)} if shown else {}
