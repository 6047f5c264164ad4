"""Runs an app in uvicorn: it begins with a line that says where, and ends by answering what it has taken on."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Final

import uvicorn

from embedrank.core.errors import EmbedrankError, InvalidInputError, ModelUnavailableError, OverloadedError
from embedrank.serving.limits.heads import timed_protocol
from embedrank.serving.settings import ServeSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

_log = logging.getLogger(__name__)
_BACKLOG: Final = 2048


class DrainingServer(uvicorn.Server):
    """Says that it is ending as soon as it is told to, and reloads models on SIGHUP."""

    def __init__(self, app: FastAPI, settings: ServeSettings, *, on_start: Callable[[str], None]) -> None:
        """Set a server up; `run` runs it.

        Args:
            app: From `create_app`.
            settings: The same that it was made from.
            on_start: Told the URL once requests are welcome.
        """
        limits = settings.limits
        super().__init__(
            uvicorn.Config(
                app,
                http=timed_protocol(limits.head_timeout_s),
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=limits.max_connections,
                timeout_graceful_shutdown=max(1, round(settings.drain_timeout_s)),
            )
        )
        self._app, self._on_start, self._host = app, on_start, settings.host
        self._reloading: asyncio.Task[None] | None = None
        self._reload_wanted = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Load models, open the sockets, tell the URL."""
        log = logging.getLogger("uvicorn.error")
        log.disabled = True  # why the app did not start is told in one line, by whoever started it
        try:
            await super().startup(sockets)
        finally:
            log.disabled = False
        if self.started:
            with suppress(AttributeError, NotImplementedError, RuntimeError):  # Windows, or not the main thread
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
            self._on_start(self.url)

    @property
    def url(self) -> str:
        """Where it listens."""
        port = self.servers[0].sockets[0].getsockname()[1]
        return f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{port}"

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Turn new requests away from now on; a second signal does not wait for those in flight."""
        service = getattr(self._app.state, "service", None)
        if service is not None:
            service.is_draining = True
        super().handle_exit(sig, frame)

    def _reload(self) -> None:
        self._reload_wanted = True  # also while it reloads: what has been loaded may be older than what is there now
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.get_running_loop().create_task(self._reload_all())

    async def _reload_all(self) -> None:
        shelf = self._app.state.service.shelf
        while self._reload_wanted:
            self._reload_wanted = False
            for entry in shelf.entries:
                if entry.loaded is not None:
                    try:
                        await shelf.reload(entry)
                        _log.info("model %s was loaded anew", entry.name)
                    except (ModelUnavailableError, OverloadedError):
                        _log.exception("the model that is loaded goes on")


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that nobody is answered on yet; opened first of all, for a port may be taken.

    Args:
        host: Address.
        port: Port; 0 for any that is free.

    Yields:
        The socket.

    Raises:
        InvalidInputError: If the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        opened = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        problem = error.strerror or str(error)
        raise InvalidInputError("address", f"{host}:{port} cannot be listened on: {problem}") from error
    with opened:
        yield opened


def run(app: FastAPI, settings: ServeSettings, opened: socket.socket, *, on_start: Callable[[str], None]) -> None:
    """Serve until a signal ends it.

    Args:
        app: From `create_app`.
        settings: The same that it was made from.
        opened: From `listening`.
        on_start: Told the URL once requests are welcome.

    Raises:
        EmbedrankError: If the app cannot start, such as for a model that is not there.
    """
    server = DrainingServer(app, settings, on_start=on_start)
    with suppress(KeyboardInterrupt, SystemExit):  # uvicorn exits where an app does not start
        server.run(sockets=[opened])
    if not server.started:
        trouble = getattr(app.state, "trouble", None)
        if isinstance(trouble, EmbedrankError):
            raise trouble
        raise InvalidInputError("server", f"did not start: {trouble!r}")
