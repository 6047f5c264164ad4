"""Sees to it that a request ends: by its answer, by its deadline, or because nobody waits for the answer any more.

The app runs in a task of its own. It is cancelled when the client hangs up, which takes the request out of the engine's
queue, and when the deadline passes before an answer has begun.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from embedrank.core.errors import DeadlineExceededError
from embedrank.serving.errors import Problem, problem_of
from embedrank.serving.limits.body import TakenBody
from embedrank.serving.observing.facts import current_facts
from embedrank.serving.problems import Speller

_log = logging.getLogger(__name__)
CLIENT_GONE = "client_gone"


class Answering:
    """ASGI middleware; its requests have their bodies in memory."""

    def __init__(self, app: ASGIApp, *, timeout_s: float, speller: Speller) -> None:
        """Stand before an app.

        Args:
            app: The app.
            timeout_s: Time for an answer to begin.
            speller: Says why there is none.
        """
        self._app, self._timeout_s, self._speller = app, timeout_s, speller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app until one of the ends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        assert isinstance(receive, TakenBody), "bodies come in before requests are answered"
        reply = _Reply(send)
        answer = asyncio.ensure_future(self._app(scope, receive, reply))
        gone = asyncio.ensure_future(receive.hang_up())
        try:
            await asyncio.wait({answer, gone}, timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if reply.has_begun and not answer.done():  # a deadline is for beginning to answer; a stream may take long
                await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            problem = await self._ended(answer, is_gone=receive.is_gone)
        finally:
            answer.cancel()
            gone.cancel()
        if problem is not None and not reply.has_begun:
            await self._speller.reply(problem, scope)(scope, receive, send)

    async def _ended(self, answer: asyncio.Future[None], *, is_gone: bool) -> Problem | None:
        """What there is to say to the client, where the app has not said it."""
        if not answer.done():
            answer.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await answer
            if is_gone:
                _note(CLIENT_GONE)
                return None
            return problem_of(DeadlineExceededError(self._timeout_s))
        if answer.cancelled():
            return None
        error = answer.exception()
        if error is None:
            return None
        _log.error("request failed", exc_info=error)
        return problem_of(error)


class _Reply:
    """`send` that knows whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)


def _note(problem: str) -> None:
    facts = current_facts()
    if facts is not None:
        facts.problem = problem
