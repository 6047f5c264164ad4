"""Notes every request: an id that goes back to the client, one line of log, the metrics."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from embedrank.serving.observing.facts import Facts, noting
from embedrank.serving.observing.metrics import Metrics

_log = logging.getLogger(__name__)
_ID: Final = re.compile(r"[\w.-]{1,64}")
_NO_ANSWER: Final = 499  # as nginx writes down a client that hung up
_QUIET: Final = frozenset({"/health", "/ready", "/metrics"})


class Requests:
    """ASGI middleware that notes requests; no text of a user is ever among what it notes."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        """Stand before an app.

        Args:
            app: The app.
            metrics: What is counted.
        """
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and note how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if _ID.fullmatch(asked) else uuid.uuid4().hex
        status, start = _NO_ANSWER, time.perf_counter()

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        with noting(request_id) as facts:
            try:
                await self._app(scope, receive, noting_send)
            finally:
                seconds = time.perf_counter() - start
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.observe(route=route, status=status, seconds=seconds, facts=facts)
                _write(scope, status, seconds, facts)


def _write(scope: Scope, status: int, seconds: float, facts: Facts) -> None:
    level = logging.DEBUG if scope["path"] in _QUIET else logging.INFO
    fields = {
        "request_id": facts.request_id,
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(1000 * seconds, 1),
        "caller": facts.caller,
        "model": facts.model,
        "texts": facts.texts,
        "tokens": facts.tokens,
        "truncated": facts.truncated,
        "problem": facts.problem,
        "stages_ms": {stage: round(1000 * spent, 1) for stage, spent in facts.stages.items()},
    }
    _log.log(level, "request", extra={"fields": {name: value for name, value in fields.items() if value}})
