"""The place of a request in a trace that somebody else began.

Source: https://www.w3.org/TR/trace-context/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_FORM: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceParent:
    """Who asked.

    Attributes:
        trace_id: 32 hexadecimal digits.
        span_id: 16 hexadecimal digits.
        is_sampled: Whether the caller keeps its part of the trace.
    """

    trace_id: str
    span_id: str
    is_sampled: bool


def read_trace_parent(header: str) -> TraceParent | None:
    """Read a `traceparent` header.

    Args:
        header: Its value; empty where there is none.

    Returns:
        What it says; None if it is not of the form, or names nothing.
    """
    found = _FORM.fullmatch(header.strip())
    if found is None:
        return None
    trace_id, span_id, flags, more = found.groups()
    if not int(trace_id, 16) or not int(span_id, 16) or (more and header.startswith("00")):
        return None
    return TraceParent(trace_id=trace_id, span_id=span_id, is_sampled=bool(int(flags, 16) & 1))
