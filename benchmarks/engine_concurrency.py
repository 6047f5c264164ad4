"""Single short queries from many concurrent callers: through the engine, and each calling the embedder under a lock.

    python benchmarks/engine_concurrency.py [--rounds 5] [--callers 1 4 16 64] [--queries 512] [--model nano]

The two run in turns in one process, every query is another text, and the engine keeps no vectors. Ratios count;
absolute figures depend on the machine and on its neighbours. The median latency behind a lock may flatter it: the
thread that lets go of a lock may get it again and again while others starve, as the 95th percentile then shows.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from embedrank import Embedder
from embedrank.engine.caches import open_cache
from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.engine import Engine

TEXT = "how to open a file in python with the right encoding and close it again after an error"


def main() -> None:
    """Measure both in turns for each number of callers and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--queries", type=int, default=512)
    parser.add_argument("--model", default="nano")
    arguments = parser.parse_args()
    embedder, lock = Embedder.load(arguments.model), threading.Lock()

    def under_a_lock(query: str) -> None:
        with lock:
            embedder.encode_queries([query])

    with Engine() as engine:
        batched = BatchedEmbedder(embedder, engine, cache=open_cache("none://"))
        systems: dict[str, Callable[[str], object]] = {
            "lock": under_a_lock,
            "engine": lambda query: batched.encode_queries([query]),
        }
        texts = queries()
        for ask in systems.values():  # warms up
            run(ask, texts, num_queries=32, num_callers=4)
        print(f"{arguments.queries} queries of 4 to 12 words, {arguments.rounds} rounds, model {arguments.model}")
        for num_callers in arguments.callers:
            compare(systems, texts, arguments.queries, num_callers, arguments.rounds)
        stats = engine.stats()
    print(f"engine: {stats.items} queries in {stats.batches} batches, {stats.requests}")


def compare(
    systems: dict[str, Callable[[str], object]], texts: Iterator[str], num_queries: int, num_callers: int, rounds: int
) -> None:
    """Run all systems in turns and print how the engine stands to the lock."""
    measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in systems}
    for turn in range(rounds):
        for name in sorted(systems, reverse=bool(turn % 2)):
            measured[name].append(run(systems[name], texts, num_queries=num_queries, num_callers=num_callers))
    print(f"{num_callers} callers")
    for place, (what, unit) in enumerate([("queries/s", 1.0), ("p50 ms", 1000.0), ("p95 ms", 1000.0)]):
        lock, engine = ([row[place] * unit for row in measured[name]] for name in ("lock", "engine"))
        ratios = sorted(ours / theirs for ours, theirs in zip(engine, lock, strict=True))
        print(
            f"  {what:9}  lock {statistics.median(lock):8.1f}   engine {statistics.median(engine):8.1f}   "
            f"ratio {statistics.median(ratios):5.2f} (min {ratios[0]:.2f}, max {ratios[-1]:.2f})"
        )


def run(
    ask: Callable[[str], object], texts: Iterator[str], *, num_queries: int, num_callers: int
) -> tuple[float, float, float]:
    """Let callers ask one query after another.

    Args:
        ask: Answers a query.
        texts: Where queries come from.
        num_queries: In all.
        num_callers: Threads.

    Returns:
        Queries per second, and the median and the 95th percentile of the latency, seconds.
    """
    latencies: list[float] = []

    def caller(share: list[str]) -> None:
        for query in share:
            started = time.perf_counter()
            ask(query)
            latencies.append(time.perf_counter() - started)

    wanted = list(itertools.islice(texts, num_queries))
    shares = [wanted[start::num_callers] for start in range(num_callers)]
    with ThreadPoolExecutor(num_callers) as pool:
        started = time.perf_counter()
        list(pool.map(caller, shares))
        seconds = time.perf_counter() - started
    ordered = sorted(latencies)
    return num_queries / seconds, ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))]


def queries() -> Iterator[str]:
    """Short queries that never come twice."""
    every = TEXT.split()
    for number in itertools.count():
        words = (every[(number + place) % len(every)] for place in range(3 + number % 9))
        yield f"{' '.join(words)} {number}"


if __name__ == "__main__":
    main()
