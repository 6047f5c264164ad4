"""How long to wait before a request is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Final

_MAX_DOUBLINGS: Final = 32


def backoff_s(attempt: int, *, base_s: float, max_s: float, draw: float) -> float:
    """Exponential back-off with full jitter.

    Args:
        attempt: Attempts that failed so far, from 1.
        base_s: Most seconds after the first.
        max_s: Most seconds after any.
        draw: A number drawn evenly from 0 to 1.

    Returns:
        Seconds.

    Source:
        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return draw * min(max_s, base_s * 2.0 ** min(attempt - 1, _MAX_DOUBLINGS))


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """What a server asks to wait.

    Args:
        headers: Of its reply, names in lower case: `retry-after-ms`, or `retry-after` in seconds or as a date.
        now: The time, with its zone.

    Returns:
        Seconds, at least 0; None where it asks for nothing that can be read.

    Source:
        RFC 9110, section 10.2.3
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit_s
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        date = parsedate_to_datetime(headers["retry-after"])
    except (KeyError, ValueError, TypeError):
        return None
    zoned = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    return max((zoned - now).total_seconds(), 0.0)
