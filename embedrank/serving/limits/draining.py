"""Turns new requests away while the server ends; those in flight are answered."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from embedrank.serving.errors import BUSY_RETRY_S, Problem
from embedrank.serving.problems import Speller

_STILL_ANSWERED: Final = frozenset({"/health", "/ready", "/metrics"})
_ENDING: Final = Problem(
    status=503,
    kind="shutting_down",
    message="the server is ending and takes no new requests (try another, or again later)",
    retry_after_s=BUSY_RETRY_S,
)


class Draining:
    """ASGI middleware that looks whether the server is ending."""

    def __init__(self, app: ASGIApp, *, speller: Speller) -> None:
        """Stand before an app.

        Args:
            app: The app.
            speller: Says that the server is ending.
        """
        self._app, self._speller = app, speller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or turn it away."""
        if scope["type"] == "http" and scope["path"] not in _STILL_ANSWERED and scope["app"].state.service.is_draining:
            reply = self._speller.reply(_ENDING, scope)
            reply.headers["Connection"] = "close"
            await reply(scope, receive, send)
            return
        await self._app(scope, receive, send)
