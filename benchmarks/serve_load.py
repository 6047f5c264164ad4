"""`embedrank serve` on loopback against the offline engine on the same texts, then under half and twice its load.

    python benchmarks/serve_load.py [--rounds 5] [--texts 768] [--texts-per-request 16] [--clients 8]
                                    [--encoding base64 float] [--words 60] [--seconds 10] [--model nano]

Saturation: server and offline engine embed the same texts, in turns, every round other ones, and neither keeps vectors.
The client's work is done beforehand as far as it can be, but it shares the machine's cores with the server. Shares
count; absolute figures depend on the machine and on its neighbours, which disturb the share of processor time (offline
engine's over server's, both for one text) far less than that of throughput. Latency is that of an open loop at half of
the measured saturation; at twice that, every answer has to be 200 or 429.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from _http_load import Outcome, closed_loop, open_loop, request
from _serving_child import Child, errors_in, serving

from embedrank import Embedder
from embedrank.engine.caches import open_cache
from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.engine import Engine

WORDS = (
    "the model reads a text and gives back numbers that stand for what it says so that texts which say the same lie "
    "close together while others lie apart and a search is nothing but a look around the place of the question"
)
MAX_REQUESTS = 16  # that the server takes on at a time, so that twice its load fills the queue within seconds


def main() -> None:
    """Measure and print; exits with 1 where a request ended in anything but 200 or 429."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=768, help="of a round")
    parser.add_argument("--texts-per-request", type=int, default=16)
    parser.add_argument("--words", type=int, default=60, help="of a text")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0, help="at half and at twice saturation")
    parser.add_argument("--encoding", nargs="+", choices=("base64", "float"), default=["base64", "float"])
    parser.add_argument("--model", default="nano")
    arguments = parser.parse_args()
    options = ["--model", arguments.model, "--no-rerank", "--cache", "none://"]
    options += ["--set", f"engine.max_requests={MAX_REQUESTS}"]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "serve.log"
        with serving(options, log=log) as child:
            is_clean = measure(child, arguments)
        for message in errors_in(log):
            print(f"error in the server's log: {message}")
    sys.exit(0 if is_clean else 1)


def measure(child: Child, arguments: argparse.Namespace) -> bool:
    """All three loads.

    Args:
        child: The server.
        arguments: Of the command line.

    Returns:
        Whether every answer was one that it should be.
    """
    fresh = texts(arguments.words)
    print(
        f"model {arguments.model}, texts of {arguments.words} words, {arguments.texts_per_request} a request, "
        f"{arguments.clients} clients"
    )
    per_second = saturation(child, fresh, arguments)
    encoding = arguments.encoding[0]
    is_clean = True
    for share in (0.5, 2.0):
        rate = share * per_second / arguments.texts_per_request
        asked = posts(fresh, max(1, round(arguments.seconds * rate)), arguments.texts_per_request, encoding)
        outcome = open_loop(child.port, asked, per_second=rate)
        print(
            f"at {share:g} x saturation ({rate:.1f} requests/s, {encoding}): p50 {outcome.quantile_ms(0.5):.0f} ms, "
            f"p95 {outcome.quantile_ms(0.95):.0f} ms, p99 {outcome.quantile_ms(0.99):.0f} ms, "
            f"answers {dict(sorted(outcome.statuses.items()))}"
        )
        is_clean &= only(outcome, {200} if share < 1 else {200, 429})
    return is_clean


def saturation(child: Child, fresh: Iterator[str], arguments: argparse.Namespace) -> float:
    """Server and offline engine in turns.

    Args:
        child: The server.
        fresh: Texts that nobody has embedded.
        arguments: Of the command line.

    Returns:
        Texts per second that the server embeds, the median of the rounds of the first encoding.
    """
    spent: dict[str, list[tuple[float, float]]] = {"offline": [], **{name: [] for name in arguments.encoding}}
    num_requests = arguments.texts // arguments.texts_per_request
    num_texts: int = num_requests * arguments.texts_per_request
    embedder = Embedder.load(arguments.model)
    with Engine() as engine:
        offline = BatchedEmbedder(embedder, engine, cache=open_cache("none://"))
        for turn in range(-1, arguments.rounds):  # the first warms up
            wanted = list(itertools.islice(fresh, num_texts))
            for name in sorted(spent, reverse=bool(turn % 2)):
                if name == "offline":
                    measured = embed_offline(offline, wanted)
                else:
                    asked = list(posts(iter(wanted), num_requests, arguments.texts_per_request, name))
                    measured = embed_served(child, asked, arguments.clients)
                if turn >= 0:
                    spent[name].append(measured)
    print_shares(spent, num_texts)
    return num_texts / statistics.median(seconds for seconds, _ in spent[arguments.encoding[0]])


def embed_offline(offline: BatchedEmbedder, wanted: list[str]) -> tuple[float, float]:
    """Seconds that pass, and seconds of processor time, for texts in this process."""
    start, used = time.perf_counter(), time.process_time()
    offline.encode_documents(wanted)
    return time.perf_counter() - start, time.process_time() - used


def embed_served(child: Child, asked: list[bytes], clients: int) -> tuple[float, float]:
    """Likewise in the server, whose processor time alone counts."""
    used = child.processor_s()
    outcome = closed_loop(child.port, asked, clients=clients)
    assert only(outcome, {200}), outcome.statuses
    return outcome.seconds, child.processor_s() - used


def print_shares(spent: Mapping[str, Sequence[tuple[float, float]]], num_texts: int) -> None:
    """How the server stands to the offline engine, round against round."""
    for name, rounds in spent.items():
        rate = num_texts / statistics.median(seconds for seconds, _ in rounds)
        line = f"{name:8} {rate:7.1f} texts/s"
        if name != "offline":
            for place, what in enumerate(("throughput", "processor time per text, turned over")):
                shares = sorted(
                    ours[place] / served[place] for ours, served in zip(spent["offline"], rounds, strict=True)
                )
                line += f"   {what}: {statistics.median(shares):.0%} ({shares[0]:.0%} to {shares[-1]:.0%})"
        print(line, flush=True)


def only(outcome: Outcome, allowed: set[int]) -> bool:
    """Whether no other status came than these."""
    return set(outcome.statuses) <= allowed


def posts(fresh: Iterator[str], number: int, texts_per_request: int, encoding: str) -> Iterator[bytes]:
    """Requests for vectors."""
    for _ in range(number):
        body = {"input": list(itertools.islice(fresh, texts_per_request)), "encoding_format": encoding}
        yield request("/v1/embeddings", json.dumps(body).encode())


def texts(num_words: int) -> Iterator[str]:
    """Texts of about so many words that never come twice; lengths vary by half."""
    words = WORDS.split()
    for number in itertools.count():
        length = num_words // 2 + number * 7 % (num_words + 1)
        yield " ".join([str(number), *(words[(number * 5 + place * 3) % len(words)] for place in range(length))])


if __name__ == "__main__":
    main()
