"""Takes a body in before anything else is done for its request: so long, so much, and no more.

A client that sends slowly holds its connection and nothing else: no place in the queue, no thread. What is over a few
megabytes lies in a temporary file until it is read.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from embedrank.serving.errors import Problem
from embedrank.serving.observing.facts import timed
from embedrank.serving.problems import Speller
from embedrank.serving.settings import LimitSettings

_IN_MEMORY_BYTES: Final = 8 << 20
_CHUNK_BYTES: Final = 1 << 20


@dataclass(eq=False, slots=True)
class BodyRefusedError(Exception):
    """Inside this file: the body will not be taken."""

    problem: Problem


class TakenBody:
    """Stands for `receive` once a body is in: gives it again, and after that the news that the client is gone."""

    def __init__(self, body: SpooledTemporaryFile[bytes], receive: Receive) -> None:
        """Hold a body.

        Args:
            body: At its beginning.
            receive: What the body came from; it has nothing more to tell than that the client hung up.
        """
        self._body, self._receive = body, receive
        self._is_over = False
        self._gone = asyncio.Event()

    async def __call__(self) -> Message:
        """The next message for an app."""
        if self._is_over:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        chunk = self._body.read(_CHUNK_BYTES)
        self._is_over = len(chunk) < _CHUNK_BYTES
        return {"type": "http.request", "body": chunk, "more_body": not self._is_over}

    @property
    def is_gone(self) -> bool:
        """Whether the client hung up."""
        return self._gone.is_set()

    async def hang_up(self) -> None:
        """Ends when the client hangs up; one caller at a time."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone.set()


class BodyLimits:
    """ASGI middleware that hands on requests whose bodies are in."""

    def __init__(self, app: ASGIApp, *, limits: LimitSettings, speller: Speller) -> None:
        """Stand before an app.

        Args:
            app: The app.
            limits: How much and how long.
            speller: Says what was wrong.
        """
        self._app, self._limits, self._speller = app, limits, speller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the body in, then call the app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as body:
            try:
                with timed("body"):
                    await self._take_in(scope, receive, body)
            except ClientDisconnect:
                return
            except BodyRefusedError as refusal:  # uvicorn reads on and throws away, so that the client hears this
                await self._speller.reply(refusal.problem, scope)(scope, receive, send)
                return
            await self._app(scope, TakenBody(body, receive), send)

    async def _take_in(self, scope: Scope, receive: Receive, body: SpooledTemporaryFile[bytes]) -> None:
        headers = Headers(scope=scope)
        is_upload = headers.get("content-type", "").startswith("multipart/form-data")
        limit = self._limits.max_upload_bytes if is_upload else self._limits.max_body_bytes
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise BodyRefusedError(_too_large(limit))
        until, size = time.monotonic() + self._limits.body_timeout_s, 0
        while True:
            try:
                message = await asyncio.wait_for(receive(), max(0.0, until - time.monotonic()))
            except asyncio.TimeoutError:
                raise BodyRefusedError(_too_slow(self._limits.body_timeout_s)) from None
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise BodyRefusedError(_too_large(limit))
            body.write(chunk)
            if not message.get("more_body", False):
                body.seek(0)
                return


def _too_large(limit: int) -> Problem:
    message = f"the body is larger than the {limit} bytes of one request (send it in parts)"
    return Problem(status=413, kind="too_large", message=message)


def _too_slow(timeout_s: float) -> Problem:
    return Problem(status=408, kind="too_slow", message=f"the body did not come in within {timeout_s:g} s")
