"""The gate before everything else: the name the server was called by, the key, the quota.

It looks at headers only, so that whoever may not ask cannot make the server read a body.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from embedrank.core.errors import EmbedrankError
from embedrank.serving.access.keys import Caller, Keys
from embedrank.serving.errors import Problem, problem_of
from embedrank.serving.observing.facts import current_facts
from embedrank.serving.problems import Speller
from embedrank.serving.settings import AccessSettings

_WRONG_HOST = "this server is not called by that name (whoever runs it can add it to access.allowed_hosts)"


class Gate:
    """ASGI middleware that lets callers in."""

    def __init__(
        self, app: ASGIApp, *, settings: AccessSettings, open_paths: Collection[str], speller: Speller
    ) -> None:
        """Stand before an app.

        Args:
            app: The app.
            settings: Who may ask.
            open_paths: Paths that need no key; one that ends in `/` stands for all below it, `/` for itself.
            speller: Says why somebody may not.
        """
        self._app, self._speller = app, speller
        self._keys = Keys(settings.keys)
        hosts = {host.lower() for host in settings.allowed_hosts}
        self._hosts = frozenset() if "*" in hosts else frozenset(hosts)
        open_now = {*open_paths, *(["/metrics"] if settings.public_metrics else [])}
        self._open = frozenset(open_now)
        self._open_below = tuple(path for path in open_now if path.endswith("/") and path != "/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._hosts and _host(headers.get("host", "")) not in self._hosts:
            problem = Problem(status=421, kind="wrong_host", message=_WRONG_HOST)
            await self._speller.reply(problem, scope)(scope, receive, send)
            return
        try:
            caller = self._caller(scope["path"], headers)
        except EmbedrankError as error:
            await self._speller.reply(problem_of(error), scope)(scope, receive, send)
            return
        facts = current_facts()
        if facts is not None and caller is not None:
            facts.caller = caller.name
        try:
            await self._app(scope, receive, send)
        finally:
            if facts is not None and caller is not None:
                caller.charge(facts.tokens)

    def _caller(self, path: str, headers: Headers) -> Caller | None:
        if not self._keys or path in self._open or path.startswith(self._open_below):
            return None
        caller = self._keys.caller(headers)
        caller.admit()
        return caller


def _host(header: str) -> str:
    """Name in a Host header, without the port; IPv6 addresses stand in brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()
