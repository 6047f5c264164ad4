"""Spells large answers without holding up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from fastapi.responses import Response
from pydantic import TypeAdapter

from embedrank.serving.observing.facts import timed

_JSON: Final[TypeAdapter[Any]] = TypeAdapter(Any)
_AT_ONCE: Final = 4096  # numbers: a fraction of a millisecond
_CHARACTERS_PER_NUMBER: Final = 20


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
    return await reply_with(lambda: object_with(head, name, list_of(rows)), size=size)


async def reply_with(spell: Callable[[], bytes], *, size: int, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer that takes time to be spelled.

    Args:
        spell: Spells it.
        size: Numbers in it, roughly; many are spelled in a thread.
        headers: What else to send.

    Returns:
        The response.
    """
    with timed("reply"):
        content = spell() if size <= _AT_ONCE else await asyncio.to_thread(spell)
    return Response(content, media_type="application/json", headers=headers)


def size_of(texts: Iterable[str]) -> int:
    """Texts in numbers: how many take as long to be spelled."""
    return sum(map(len, texts)) // _CHARACTERS_PER_NUMBER


def list_of(rows: Iterable[Any]) -> bytes:
    """A JSON list, item by item."""
    return b"[" + b",".join(map(_JSON.dump_json, rows)) + b"]"


def object_with(head: Mapping[str, Any], name: str, value: bytes) -> bytes:
    """A JSON object with one more field, whose value is JSON already."""
    comma = b"," if head else b""
    return _JSON.dump_json(dict(head))[:-1] + comma + _JSON.dump_json(name) + b":" + value + b"}"
