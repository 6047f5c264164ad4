"""Load on an HTTP server, from one thread that costs little: requests are bytes made beforehand, answers are not read.

Two ways of asking: a closed loop, in which a number of clients ask again as soon as they are answered, finds what a
server can do; an open one, in which requests come at fixed times whether or not earlier ones were answered, shows how
long they take. Latency there counts from the time a request was due, so that a server that stalls cannot hide it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

TIMEOUT_S = 60.0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of a load.

    Attributes:
        statuses: How often each HTTP status came; 0 for no answer.
        latencies_s: Of requests answered with 200.
        seconds: From the first request to the last answer.
        received: Bytes of all answers.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)
    seconds: float = 0.0
    received: int = 0

    def quantile_ms(self, share: float) -> float:
        """A quantile of the latency, milliseconds."""
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(path: str, body: bytes) -> bytes:
    """A POST request as bytes."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def closed_loop(port: int, requests: Iterable[bytes], *, clients: int, until_s: float | None = None) -> Outcome:
    """Let clients ask, each one request after the other.

    Args:
        port: Of the server.
        requests: Shared by the clients.
        clients: How many.
        until_s: Seconds after which no more is asked; None until the requests are used up.

    Returns:
        What became of it.
    """
    return asyncio.run(_closed_loop(port, iter(requests), clients, until_s))


def open_loop(port: int, requests: Iterable[bytes], *, per_second: float) -> Outcome:
    """Ask at fixed times.

    Args:
        port: Of the server.
        requests: One after the other.
        per_second: How many are due in a second.

    Returns:
        What became of it.
    """
    return asyncio.run(_open_loop(port, list(requests), per_second))


async def _closed_loop(port: int, requests: Iterator[bytes], clients: int, until_s: float | None) -> Outcome:
    outcome, start = Outcome(), time.perf_counter()

    async def client() -> None:
        connection = _Connection(port)
        for asked in requests:
            if until_s is not None and time.perf_counter() - start > until_s:
                break
            await connection.ask(asked, time.perf_counter(), outcome)
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    outcome.seconds = time.perf_counter() - start
    return outcome


async def _open_loop(port: int, requests: list[bytes], per_second: float) -> Outcome:
    outcome, start = Outcome(), time.perf_counter()
    idle: list[_Connection] = []

    async def ask(asked: bytes, due: float) -> None:
        connection = idle.pop() if idle else _Connection(port)
        await connection.ask(asked, due, outcome)
        idle.append(connection)

    asking = []
    for number, asked in enumerate(requests):
        due = start + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asking.append(asyncio.create_task(ask(asked, due)))
    await asyncio.gather(*asking)
    for connection in idle:
        connection.close()
    outcome.seconds = time.perf_counter() - start
    return outcome


class _Connection:
    """One keep-alive connection, made when it is first needed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, asked: bytes, due: float, outcome: Outcome) -> None:
        """Send a request and note how it is answered."""
        status = 0
        with suppress(OSError, EOFError, asyncio.TimeoutError):
            status = await asyncio.wait_for(self._exchange(asked, outcome), TIMEOUT_S)
        outcome.statuses[status] += 1
        if status == 200:
            outcome.latencies_s.append(time.perf_counter() - due)
        if status == 0:
            self.close()

    async def _exchange(self, asked: bytes, outcome: Outcome) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(asked)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(None, 1)[0])
        while length:
            length -= (read := len(await reader.read(min(length, 1 << 20))))
            outcome.received += read
            if not read:
                raise EOFError
        if b"connection: close" in head:
            self.close()
        return int(head.split(None, 2)[1])

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
