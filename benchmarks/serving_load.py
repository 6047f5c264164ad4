"""A server under load on the loopback interface, beside the same engine called directly on the same texts.

    python benchmarks/serving_load.py [--seconds 15] [--rounds 3] [--texts 8] [--callers 16] [--model nano]

Saturation is a number of callers that each ask for the vectors of some documents, one request after another, of this
same process or of the server, in turns; the share of the offline throughput is what HTTP and JSON leave of it. At half
of saturation requests come at even intervals; at twice, more come than can be answered, and all that may happen is 429.
The server is a process of its own, and the callers' process takes its part of the same cores: that is in the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import httpx

from embedrank import Embedder
from embedrank.engine.caches import open_cache
from embedrank.engine.config import EngineConfig
from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.engine import Engine

SENTENCE = "a server answers many clients at once and every one of them gets the vectors of its own texts in order"
Ask = Callable[[list[str]], Awaitable[int]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--texts", type=int, default=8, help="documents of a request")
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--model", default="nano")
    asyncio.run(measure(parser.parse_args()))


async def measure(told: argparse.Namespace) -> None:
    """Run all loads.

    Args:
        told: What the command line says.
    """
    texts = documents(told.texts)
    server, url = start(told.model)
    try:
        limits = httpx.Limits(max_connections=512, max_keepalive_connections=512)
        async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as client:
            served = over_http(client)
            with Engine(EngineConfig()) as engine:
                embedder = BatchedEmbedder(Embedder.load(told.model), engine, cache=open_cache("none://"))
                offline = directly(embedder)
                rates: dict[str, list[float]] = {"offline": [], "served": []}
                for ask in (offline, served):  # warms up
                    await saturate(ask, texts, told.callers, 2)
                for _ in range(told.rounds):
                    for name, ask in (("offline", offline), ("served", served)):
                        rates[name].append(await saturate(ask, texts, told.callers, told.seconds))
            show_saturation(rates, told)
            requests_s = statistics.median(rates["served"]) / told.texts
            for share in (0.5, 2.0):
                await show_rate(served, texts, share, requests_s, told.seconds)
        print(f"memory of the server: {resident_mib(server.pid):.0f} MiB")
    finally:
        server.terminate()
        server.wait(30)


def start(model: str) -> tuple[subprocess.Popen[str], str]:
    """A server of its own process that keeps no vectors.

    Args:
        model: Name of the embedder.

    Returns:
        The process and its address.
    """
    command = [sys.executable, "-m", "embedrank", "serve", "--port", "0", "--embedder", model, "--no-rerank"]
    command += ["--cache", "none://", "--set", "engine.max_requests=64", "--set", "log.level=error"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    found = re.search(r"http://\S+", server.stdout.readline())
    assert found is not None, "the server did not start"
    return server, found.group()


def over_http(client: httpx.AsyncClient) -> Ask:
    """Ask the server."""

    async def ask(texts: list[str]) -> int:
        response = await client.post("/v1/embeddings", json={"input": texts, "encoding_format": "base64"})
        return response.status_code

    return ask


def directly(embedder: BatchedEmbedder) -> Ask:
    """Ask an engine of this process."""

    async def ask(texts: list[str]) -> int:
        await embedder.embed_documents(texts)
        return 200

    return ask


async def saturate(ask: Ask, texts: Iterator[list[str]], num_callers: int, seconds: float) -> float:
    """Texts a second when a number of callers ask as fast as they are answered."""
    end, done = time.perf_counter() + seconds, 0

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() < end:
            asked = next(texts)
            assert await ask(asked) == 200
            done += len(asked)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(num_callers)))
    return done / (time.perf_counter() - started)


async def show_rate(ask: Ask, texts: Iterator[list[str]], share: float, requests_s: float, seconds: float) -> None:
    """Latency and answers when requests come at even intervals, at a share of saturation."""
    latencies: list[float] = []
    answers: Counter[int] = Counter()

    async def one(asked: list[str]) -> None:
        started = time.perf_counter()
        status = await ask(asked)
        answers[status] += 1
        if status == 200:
            latencies.append(time.perf_counter() - started)

    interval, started, tasks = 1 / (share * requests_s), time.perf_counter(), []
    for number in itertools.count():
        if number * interval > seconds:
            break
        await asyncio.sleep(started + number * interval - time.perf_counter())
        tasks.append(asyncio.create_task(one(next(texts))))
    await asyncio.gather(*tasks)
    latencies.sort()
    p50, p95, p99 = (1000 * latencies[int(part * (len(latencies) - 1))] for part in (0.5, 0.95, 0.99))
    told = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms; answers {dict(sorted(answers.items()))}"
    print(f"at {share:g} of saturation ({share * requests_s:.0f} requests/s): {told}")


def show_saturation(rates: dict[str, list[float]], told: argparse.Namespace) -> None:
    """Medians, and the share that is left."""
    shares = sorted(served / offline for offline, served in zip(rates["offline"], rates["served"], strict=True))
    offline, served = (statistics.median(rates[name]) for name in ("offline", "served"))
    print(f"{told.callers} callers, {told.texts} documents a request, model {told.model}, {os.cpu_count()} cores")
    print(f"offline {offline:.0f} texts/s, served {served:.0f} texts/s", end=": ")
    print(f"share {statistics.median(shares):.2f} (min {shares[0]:.2f}, max {shares[-1]:.2f})")


def documents(num_texts: int) -> Iterator[list[str]]:
    """Requests whose documents, of 40 to 120 words, never come twice."""
    words = SENTENCE.split()
    for number in itertools.count():
        yield [
            f"{number} {place} " + " ".join(words[(number + place + word) % len(words)] for word in range(length))
            for place, length in enumerate(40 + (17 * (number + place)) % 81 for place in range(num_texts))
        ]


def resident_mib(pid: int) -> float:
    """Memory of a process, on Linux."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123
        (line,) = [line for line in status if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
