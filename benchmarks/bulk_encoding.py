"""Bulk encoding with `nano`: rows a second of one process, two processes and Ray beside each other, and memory.

    python benchmarks/bulk_encoding.py rates [--texts 20000] [--rounds 3] [--workers 2]
    python benchmarks/bulk_encoding.py memory [--texts 1000000]

`rates` runs the three in turns over the same short, distinct texts, from a file of lines to a `.npy`, and prints rows a
second between the first and the last chunk, ratios to one process, and seconds until the first chunk (model loading,
starting processes). `memory` runs one process and prints its resident memory every tenth of the way. Ratios count;
rates depend on the machine and its neighbours.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from _memory import memory_mib
from _official_shape import WORDS

from embedrank.engine.bulk.config import BulkConfig
from embedrank.engine.bulk.encoder import load_encoder
from embedrank.engine.bulk.pool import Pool, ThisProcess
from embedrank.engine.bulk.processes import Processes
from embedrank.engine.bulk.ray_data import RayData
from embedrank.engine.bulk.run import Told, encode_to_file
from embedrank.engine.bulk.source import TextSource

MODEL = "nano"


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("rates", "memory"))
    parser.add_argument("--texts", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="embedrank-bulk-") as folder:
        if arguments.what == "rates":
            rates(Path(folder), arguments.texts or 20_000, rounds=arguments.rounds, workers=arguments.workers)
        else:
            memory(Path(folder), arguments.texts or 1_000_000)


def write_texts(path: Path, count: int) -> Path:
    """Distinct texts of four to ten words, one a line."""
    rng = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            file.write(f"{' '.join(rng.choices(WORDS, k=rng.randint(3, 9)))} {number}\n")
    return path


def rates(folder: Path, num_texts: int, *, rounds: int, workers: int) -> None:
    """Run the three in turns and print their ratios."""
    texts, config = write_texts(folder / "texts.txt", num_texts), BulkConfig()
    cores = len(os.sched_getaffinity(0))
    load = partial(load_encoder, MODEL, threads=max(1, cores // workers))
    pools: dict[str, Callable[[], Pool]] = {
        "one process": lambda: ThisProcess(partial(load_encoder, MODEL, threads=cores), config),
        f"--workers {workers}": lambda: Processes([load] * workers, config),
        f"--ray local --workers {workers}": lambda: RayData(
            MODEL, config, address="local", num_actors=workers, num_cores=cores
        ),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in pools}
    for _ in range(rounds):
        for name, pool in pools.items():
            found[name].append(timed(texts, folder / "vectors.npy", pool(), config))
    print(f"{num_texts} distinct texts of 4 to 10 words, {MODEL}, {cores} cores, {rounds} rounds in turns")
    alone = [rate for rate, _ in found["one process"]]
    for name, runs in found.items():
        ratios = [rate / one for (rate, _), one in zip(runs, alone, strict=True)]
        start = statistics.median(start for _, start in runs)
        print(
            f"{name:28} {statistics.median(rate for rate, _ in runs):7.0f} rows/s   x {statistics.median(ratios):.2f} "
            f"(min {min(ratios):.2f}, max {max(ratios):.2f})   {start:5.1f} s to the first chunk"
        )


def timed(texts: Path, out: Path, pool: Pool, config: BulkConfig) -> tuple[float, float]:
    """Rows a second from the first chunk to the last, and seconds until the first."""
    told_at: list[tuple[float, int]] = []

    def tell(told: Told) -> None:
        if told.num_rows and not told.is_writing:
            told_at.append((time.perf_counter(), told.num_rows))

    begun = time.perf_counter()
    encode_to_file(TextSource([texts]), out, pool, config, tell=tell)
    (first, some), (last, whole) = told_at[0], told_at[-1]
    return (whole - some) / (last - first), first - begun


def memory(folder: Path, num_texts: int) -> None:
    """Run one process and print its memory on the way."""
    texts, config = write_texts(folder / "texts.txt", num_texts), BulkConfig()
    load, begun, due = partial(load_encoder, MODEL), time.perf_counter(), 0

    def tell(told: Told) -> None:
        nonlocal begun, due
        if told.num_rows == 0:
            begun = time.perf_counter()
        if told.num_rows >= due:
            rate = told.num_rows / max(time.perf_counter() - begun, 1e-9)
            print(f"{told.num_rows:>9,} rows  {memory_mib('VmRSS'):6.0f} MiB resident  {rate:6.0f} rows/s", flush=True)
            due += max(1, num_texts // 10)

    report = encode_to_file(TextSource([texts]), folder / "vectors.npy", ThisProcess(load, config), config, tell=tell)
    peak = memory_mib("VmHWM")
    print(f"{report.progress.num_rows:>9,} rows  {peak:6.0f} MiB at most, {report.progress.num_distinct:,} distinct")


if __name__ == "__main__":
    main()
