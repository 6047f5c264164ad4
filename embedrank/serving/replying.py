"""Spells large answers without holding up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi.responses import Response
from pydantic_core import to_json

from embedrank.serving.observing.facts import timed

_AT_ONCE: Final = 4096  # numbers: a fraction of a millisecond


async def reply_with_rows(head: Mapping[str, Any], name: str, rows: Iterable[Any], *, size: int) -> Response:
    """A JSON object one of whose fields is a long list.

    Args:
        head: The other fields.
        name: The list's.
        rows: Its items, made while they are spelled; one by one, so that other threads get their turn in between.
        size: Numbers in all of them, roughly; many are spelled in a thread.

    Returns:
        The response.
    """

    def spell() -> bytes:
        front = to_json(dict(head))[:-1]
        comma = b"," if head else b""
        return front + comma + to_json(name) + b":[" + b",".join(map(to_json, rows)) + b"]}"

    with timed("reply"):
        content = spell() if size <= _AT_ONCE else await asyncio.to_thread(spell)
    return Response(content, media_type="application/json")
