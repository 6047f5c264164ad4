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
from embedrank.serving.observing.trace_parent import read_trace_parent
from embedrank.serving.observing.tracing import Tracing

_log = logging.getLogger(__name__)
_ID: Final = re.compile(r"[\w.-]{1,64}")
_NO_ANSWER: Final = 499  # as nginx writes down a client that hung up
_QUIET: Final = frozenset({"/health", "/ready", "/metrics"})


class Requests:
    """ASGI middleware that notes requests; no text of a user is ever among what it notes."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, tracing: Tracing | None = None) -> None:
        """Stand before an app.

        Args:
            app: The app.
            metrics: What is counted.
            tracing: Gets spans; None for none.
        """
        self._app, self._metrics, self._tracing = app, metrics, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and note how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked, parent = headers.get("x-request-id", ""), read_trace_parent(headers.get("traceparent", ""))
        request_id = asked if _ID.fullmatch(asked) else uuid.uuid4().hex
        status, start = _NO_ANSWER, time.perf_counter()

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        with noting(request_id) as facts:
            facts.trace_id = parent.trace_id if parent else None
            try:
                await self._app(scope, receive, noting_send)
            finally:
                end = time.perf_counter()
                seconds = end - start
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.observe(route=route, status=status, seconds=seconds, facts=facts)
                _write(scope, status, seconds, facts)
                if self._tracing is not None and scope["path"] not in _QUIET:
                    method = scope["method"]
                    self._tracing.record(
                        facts, method=method, route=route, status=status, start=start, end=end, parent=parent
                    )


def _write(scope: Scope, status: int, seconds: float, facts: Facts) -> None:
    level = logging.DEBUG if scope["path"] in _QUIET else logging.INFO
    fields = {
        "request_id": facts.request_id,
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(1000 * seconds, 1),
        "trace_id": facts.trace_id,
        "caller": facts.caller,
        "model": facts.model,
        "texts": facts.texts,
        "tokens": facts.tokens,
        "truncated": facts.truncated,
        "problem": facts.problem,
        "stages_ms": {stage: round(1000 * spent, 1) for stage, spent in list(facts.stages.items())},
    }
    _log.log(level, "request", extra={"fields": {name: value for name, value in fields.items() if value}})
