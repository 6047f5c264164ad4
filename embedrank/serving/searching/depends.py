"""What the routes of searching stand on."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from fastapi import Depends, Request

from embedrank.core.errors import ForeignOriginError, NotServedError
from embedrank.serving.searching.room import Room


async def _room(request: Request) -> Room:
    room: Room | None = request.app.state.room
    if room is None:
        raise NotServedError("index", hint="start the server with --index FOLDER")
    return room


def own_origin(request: Request) -> None:
    """Refuse a change that a page of another origin asks for; programs send no `Origin` and pass.

    A form of any page can send files to a server on the reader's own machine, which no rule of browsers forbids.

    Args:
        request: The request.

    Raises:
        ForeignOriginError: If its origin is neither this server nor allowed.
    """
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc == request.headers.get("host"):
        return
    if request.headers.get("sec-fetch-site") == "same-origin":  # behind a proxy the host may be another
        return
    allowed = request.app.state.settings.access.cors_origins
    if origin not in allowed and "*" not in allowed:
        raise ForeignOriginError(origin)


RoomOf: TypeAlias = Annotated[Room, Depends(_room)]
