"""`embedrank serve` on loopback for as long as it is told: memory, requests and errors, minute by minute.

    python benchmarks/serve_soak.py [--minutes 60] [--clients 4] [--every-s 60] [--cache memory://?max_bytes=16777216]

Clients ask without a pause for vectors of one to thirty-two texts of very different lengths, in both encodings; some
texts come again, some requests are wrong on purpose, and some clients hang up before they are answered. Memory is flat
if its slope over the second half, when all buffers and the small cache are full, is no more than a few MiB an hour.
Every answer has to be the one that its request should get.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _http_load import Outcome, closed_loop, request
from _serving_child import Child, errors_in, serving

WORDS = "a text of many words that say little and come again and again in another order until nobody reads on"
HANG_UPS = 5  # between two looks at the memory
WRONG = (b"{", b'{"input": []}', b'{"input": "x", "dimensions": -1}')


def main() -> None:
    """Ask, look, print; exits with 1 where an answer was wrong or the server logged an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--every-s", type=float, default=60.0)
    parser.add_argument("--cache", default=f"memory://?max_bytes={16 << 20}")
    parser.add_argument("--model", default="nano")
    arguments = parser.parse_args()
    options = ["--model", arguments.model, "--no-rerank", "--cache", arguments.cache]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "serve.log"
        with serving(options, log=log) as child:
            statuses = soak(child, arguments)
        logged = errors_in(log)
    print(f"errors in the server's log: {len(logged)} {logged[:3]}")
    sys.exit(0 if set(statuses) <= {200, 400} and not logged else 1)


def soak(child: Child, arguments: argparse.Namespace) -> Counter[int]:
    """Ask until the time is up.

    Args:
        child: The server.
        arguments: Of the command line.

    Returns:
        How often each status came.
    """
    asked, statuses = requests(), Counter[int]()
    looks: list[tuple[float, float]] = []
    start = time.monotonic()
    while (spent := time.monotonic() - start) < 60 * arguments.minutes:
        every = min(arguments.every_s, 60 * arguments.minutes - spent)
        outcome = closed_loop(child.port, asked, clients=arguments.clients, until_s=every)
        asyncio.run(hang_up(child.port))
        statuses += outcome.statuses
        looks.append(((time.monotonic() - start) / 3600, child.memory_mib()))
        print_look(looks[-1], outcome)
    hours, memory = np.array(looks[len(looks) // 2 :]).T
    slope = float(np.polyfit(hours, memory, 1)[0]) if len(hours) > 1 else 0.0
    print(
        f"{sum(statuses.values())} requests in {60 * looks[-1][0]:.1f} minutes, "
        f"answers {dict(sorted(statuses.items()))}, "
        f"{HANG_UPS * len(looks)} hung up; memory {looks[0][1]:.0f} to {looks[-1][1]:.0f} MiB, "
        f"over the second half {memory.min():.1f} to {memory.max():.1f}, slope {slope:+.1f} MiB/h"
    )
    return statuses


def print_look(look: tuple[float, float], outcome: Outcome) -> None:
    """One line."""
    hours, memory = look
    latency = (
        f"p50 {outcome.quantile_ms(0.5):.0f} ms, p99 {outcome.quantile_ms(0.99):.0f} ms" if outcome.latencies_s else ""
    )
    print(f"{60 * hours:6.1f} min  {memory:7.1f} MiB  {dict(sorted(outcome.statuses.items()))}  {latency}", flush=True)


def requests() -> Iterator[bytes]:
    """Requests without an end: one in fifty is wrong, one text in five has come before."""
    draw = random.Random(0)
    texts = [text(draw, number) for number in range(200)]
    for number in itertools.count(1000):
        if number % 50 == 0:
            yield request("/v1/embeddings", WRONG[number // 50 % len(WRONG)])
            continue
        wanted = [
            draw.choice(texts) if draw.random() < 0.2 else text(draw, f"{number}.{place}")
            for place in range(draw.choice([1, 1, 1, 2, 8, 32]))
        ]
        body = {"input": wanted, "encoding_format": draw.choice(["float", "base64"])}
        yield request("/v1/embeddings", json.dumps(body).encode())


def text(draw: random.Random, name: object) -> str:
    """A text of 3 to 300 words, most of them short."""
    return " ".join([str(name), *draw.choices(WORDS.split(), k=min(300, int(draw.lognormvariate(2.5, 1.0)) + 3))])


async def hang_up(port: int) -> None:
    """Ask and do not wait for the answer."""
    for number in range(HANG_UPS):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("/v1/embeddings", json.dumps({"input": [f"gone {number}"] * 8}).encode()))
        await writer.drain()
        writer.close()


if __name__ == "__main__":
    main()
