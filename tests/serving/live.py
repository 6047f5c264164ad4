"""A real uvicorn on a loopback port, in a thread of this process."""

import asyncio
import socket
import threading
import time

from embedrank.serving.running import DrainingServer
from tests.engine.fakes import PATIENCE_S


class Live:
    """One running server."""

    def __init__(self, app):
        self.app = app
        self.server = DrainingServer(app, app.state.settings, on_start=self._started)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._is_up = threading.Event()

    def _run(self):
        self.server.run(sockets=[socket.create_server(("127.0.0.1", 0))])

    def _started(self, url):
        self.url, self.loop = url, asyncio.get_running_loop()
        self._is_up.set()

    def start(self):
        self._thread.start()
        end = time.monotonic() + PATIENCE_S
        while not self._is_up.wait(0.01):
            assert self._thread.is_alive() and time.monotonic() < end, "the server did not start"
        return self

    @property
    def port(self):
        return self.server.servers[0].sockets[0].getsockname()[1]

    @property
    def service(self):
        return self.app.state.service

    def stop(self):
        self.server.should_exit = True
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the server did not end"
