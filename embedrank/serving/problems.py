"""From an exception anywhere in the app to a body in the dialect of the path that was asked for."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from embedrank.core.errors import EmbedrankError
from embedrank.serving.dialects.dialect import SPOKEN, Dialect
from embedrank.serving.errors import Problem, problem_of, problem_of_fields
from embedrank.serving.observing.facts import current_facts

if TYPE_CHECKING:
    from starlette.types import Scope

_log = logging.getLogger(__name__)


class Speller:
    """Spells problems in the dialect of a path."""

    def __init__(self, dialects: Iterable[Dialect]) -> None:
        """Learn which path is whose.

        Args:
            dialects: All of them; the first spells for paths that nobody has.
        """
        self._dialects = list(dialects)

    def reply(self, problem: Problem, scope: Scope) -> JSONResponse:
        """The answer to a request that failed.

        Args:
            problem: What went wrong.
            scope: The request.

        Returns:
            A response with the dialect's status and body, and `Retry-After` where trying again may help.
        """
        facts = current_facts()
        if facts is not None:
            facts.problem = problem.kind
        status, body = self.dialect(scope).spell_problem(problem)
        headers = {}
        if problem.retry_after_s is not None:
            headers["Retry-After"] = str(math.ceil(problem.retry_after_s))
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(body, status_code=status, headers=headers)

    def dialect(self, scope: Scope) -> Dialect:
        """Who spoke, if the body said so; else whose path it is."""
        spoken: Dialect | None = scope.get(SPOKEN)
        if spoken is not None:
            return spoken
        partly = None
        for dialect in self._dialects:
            matches = {route.matches(scope)[0] for route in dialect.router.routes}
            if Match.FULL in matches:
                return dialect
            if Match.PARTIAL in matches and partly is None:
                partly = dialect
        return partly or self._dialects[0]


def answer_problems(app: FastAPI, speller: Speller) -> None:
    """Let every exception that handlers are known to raise end in a dialect's error body; `Answering` sees to the rest.

    Args:
        app: The app.
        speller: Spells them.
    """

    async def known(request: Request, error: Exception) -> JSONResponse:
        problem = problem_of(error)
        if problem.status >= 500:
            _log.error("request failed", exc_info=error)
        return speller.reply(problem, request.scope)

    async def fields(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return speller.reply(problem_of_fields(error.errors()), request.scope)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kind = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
        problem = Problem(status=error.status_code, kind=kind, message=str(error.detail))
        reply = speller.reply(problem, request.scope)
        reply.headers.update(error.headers or {})
        return reply

    app.add_exception_handler(EmbedrankError, known)
    app.add_exception_handler(RequestValidationError, fields)
    app.add_exception_handler(HTTPException, http)
