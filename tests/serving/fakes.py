"""Models of a few lines behind a server, and what asks it."""

import json
import re
import socket
from functools import cache

import httpx

from tests.engine.fakes import FakeEmbedder, FakeReranker

JSON = {"Content-Type": "application/json"}


class FakeLoader:
    """Hands out models that wait at gates; notes what was loaded."""

    def __init__(self, *, sizes=None):
        self.sizes = sizes or {}
        self.embedder, self.reranker = FakeEmbedder(name="pico"), FakeReranker()
        self.loads = []
        self.errors = {}
        self.before_load = lambda name: None

    def size_of(self, kind, name, settings):
        return self.sizes.get(name, 1)

    def load(self, kind, name, settings):
        self.before_load(name)
        if name in self.errors:
            raise self.errors[name]
        self.loads.append(name)
        if kind == "reranker":
            return self.reranker
        if name == "pico":
            return self.embedder
        model = FakeEmbedder(name=name)
        model.num_bytes = self.size_of(kind, name, settings)
        return model

    def open_gates(self):
        self.embedder.gate.open()
        self.reranker.gate.open()


@cache
def client():
    """One client for all tests: making one takes longer than most requests."""
    return httpx.Client(timeout=30)


def embed(url, texts, **fields):
    """Ask a live server for vectors."""
    return client().post(f"{url}/v1/embeddings", json={"input": texts, **fields})


def vectors(response):
    """Vectors of an answer."""
    assert response.status_code == 200, response.text
    return [row["embedding"] for row in response.json()["data"]]


class Wire:
    """A connection on which bytes are sent one's own way."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)

    def say(self, data):
        self._socket.sendall(data)

    def ask_for_vectors(self, texts):
        body = json.dumps({"input": texts}).encode()
        self.say(b"POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        self.say(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def hear(self):
        """The next answer, or what there is of it when the connection ends."""
        data = b""
        while not self._is_whole(data):
            part = self._socket.recv(65536)
            if not part:
                return data
            data += part
        return data

    def _is_whole(self, data):
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        return bool(end) and length is not None and len(body) >= int(length.group(1))

    def hang_up(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.hang_up()
