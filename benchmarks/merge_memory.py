"""Memory that a merge takes beside the mapped files of its parents, and its seconds, on random checkpoints.

    python benchmarks/merge_memory.py [--hidden 4096] [--layers 36] [--method slerp] [--folder FOLDER]

The default is a twelfth of the 8B shape's layers, so that it fits small disks: memory is decided by the largest
tensor and the size of a shard, not by the number of layers. Private memory counts (RssAnon); pages of mapped files can
be dropped at any time.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

from _large_checkpoint import SHAPE_8B, make_folder
from _memory import memory_mib

from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.merging import merge
from embedrank.training.merge.methods import METHODS, NEED_BASE


class PeakMemory:
    """Largest private memory while a block runs, looked at by a thread of its own every few milliseconds."""

    def __enter__(self) -> PeakMemory:
        self._before = self._peak = memory_mib("RssAnon")
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._done.wait(0.005):
            self._peak = max(self._peak, memory_mib("RssAnon"))

    @property
    def grown_mib(self) -> float:
        """What was added to the memory that the process had before."""
        return self._peak - self._before


def measure(parents: list[Path], target: Path, method: str) -> None:
    """Merge in this process and print what it took."""
    started = time.perf_counter()
    base = parents[0] if method in NEED_BASE else None  # any checkpoint of the shape will do to measure
    with PeakMemory() as memory:
        merge(parents, target, MergeConfig(method=method, base=None if base is None else str(base)), base=base)
    size = sum(file.stat().st_size for file in target.glob("*.safetensors")) / 2**30
    seconds = time.perf_counter() - started
    print(f"{method}, {len(parents)} parents of {size:.2f} GiB: {memory.grown_mib:.0f} MiB more, {seconds:.0f} s")


def main() -> None:
    """Make two parents, merge them in a process of its own, clean up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden", type=int, default=4096)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--method", default="slerp", choices=METHODS)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "embedrank-bench-merge")
    parser.add_argument("--child", nargs="*", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        measure(arguments.child[1:], arguments.child[0], arguments.method)
        return
    inner = 3 * arguments.hidden
    sizes = {"hidden_size": arguments.hidden, "intermediate_size": inner, "num_hidden_layers": arguments.layers}
    config = replace(SHAPE_8B, **sizes)
    shutil.rmtree(arguments.folder, ignore_errors=True)
    try:
        parents = [arguments.folder / f"parent-{number}" for number in (1, 2)]
        for parent in parents:
            make_folder(parent, config)
        words = [arguments.folder / "merged", *parents]
        method = ["--method", arguments.method]
        subprocess.run([sys.executable, __file__, *method, "--child", *map(str, words)], check=True)
    finally:
        shutil.rmtree(arguments.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
