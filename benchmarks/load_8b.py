"""What loading a model of the 8B shape takes in memory: peak and final, quantised while it is read.

    python benchmarks/load_8b.py [--dtypes int4,int8] [--layers 36] [--folder FOLDER]

Writes a checkpoint of random numbers in shards, loads it in a child process for each number type, encodes one short
text, and deletes it. Every layer has the same numbers, so that making it takes one layer's memory. Where disk or memory
do not suffice it says so and does nothing: `--layers` makes a smaller one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from _large_checkpoint import SHAPE_8B, make_folder
from _memory import memory_mib

from embedrank import Embedder
from embedrank.model.config import DecoderConfig

BYTES = {"int8": 1.05, "int4": 0.6}  # a number of the layers in memory, with its scales and room to spare
BESIDE = 2.5e9  # bytes: libraries, the mapped table, one layer
GIB = 2**30
TEXT = "which river flows through the largest city of the country?"
STATUS = {"VmHWM": "peak", "VmRSS": "resident", "RssAnon": "anonymous", "RssFile": "mapped"}


def memory() -> dict[str, float]:
    """What the kernel tells of this process, in GiB."""
    return {name: memory_mib(key) / 1024 for key, name in STATUS.items()}


def measure(folder: str, dtype: str) -> None:
    """Load and encode in this process, and print one JSON object."""
    before = memory()
    started = time.perf_counter()
    embedder = Embedder.load(folder, device="cpu", dtype=dtype)
    load_s, loaded = time.perf_counter() - started, memory()
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        embedder.encode_queries([TEXT])
        seconds.append(time.perf_counter() - started)
    found = {"before": before, "loaded": loaded, "encoded": memory(), "load_s": load_s, "encode_s": min(seconds)}
    print(json.dumps({**found, "num_tokens": embedder.encode_queries_reported([TEXT]).num_tokens[0]}))


def print_measured(folder: Path, dtype: str) -> None:
    """Measure in a child process, whose peak is its own."""
    command = [sys.executable, __file__, "--child", dtype, "--folder", str(folder)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    before, loaded, encoded = found["before"], found["loaded"], found["encoded"]
    print(
        f"{dtype}: loaded in {found['load_s']:.0f} s; peak RSS {loaded['peak']:.2f} GiB, final "
        f"{loaded['resident']:.2f} GiB, {loaded['peak'] - loaded['resident']:.2f} between them "
        f"({before['resident']:.2f} before loading)\n"
        f"      after one text of {found['num_tokens']} tokens ({found['encode_s']:.2f} s, best of 3): peak "
        f"{encoded['peak']:.2f} GiB, final {encoded['resident']:.2f} GiB, of it {encoded['mapped']:.2f} mapped files",
        flush=True,
    )


def obstacle(folder: Path, config: DecoderConfig, dtypes: list[str]) -> str | None:
    """Why it cannot be run here, if it cannot."""
    numbers = config.num_parameters()
    free = shutil.disk_usage(folder.parent).free
    if free < 2.2 * numbers:
        return f"needs {2.2 * numbers / GIB:.0f} GiB of disk at {folder.parent}, and {free / GIB:.0f} are free"
    available = int(Path("/proc/meminfo").read_text().split("MemAvailable:")[1].split()[0]) * 1024
    layers = numbers - config.vocab_size * config.hidden_size
    needed = max(BYTES[dtype] * layers for dtype in dtypes) + BESIDE
    if available < needed:
        return f"needs {needed / GIB:.0f} GiB of memory, and {available / GIB:.0f} are free"
    return f"{folder} exists already" if folder.exists() else None


def main() -> None:
    """Make, measure, delete."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtypes", default="int4,int8", help=f"some of {','.join(BYTES)}, in the order of measuring")
    parser.add_argument("--layers", type=int, default=SHAPE_8B.num_hidden_layers)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "embedrank-bench-8b")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        measure(str(arguments.folder), arguments.child)
        return
    config, dtypes = replace(SHAPE_8B, num_hidden_layers=arguments.layers), arguments.dtypes.split(",")
    if problem := obstacle(arguments.folder, config, dtypes):
        print(f"not run: {problem}")
        return
    try:
        started = time.perf_counter()
        make_folder(arguments.folder, config)
        size = sum(path.stat().st_size for path in arguments.folder.iterdir())
        print(
            f"{config.num_hidden_layers} layers, {config.num_parameters() / 1e9:.2f} billion numbers, "
            f"{size / GIB:.1f} GiB written in {time.perf_counter() - started:.0f} s, {torch.get_num_threads()} threads",
            flush=True,
        )
        for dtype in dtypes:
            print_measured(arguments.folder, dtype)
    finally:
        shutil.rmtree(arguments.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
