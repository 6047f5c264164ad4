"""Training rows that are never held: how fast they are read and drawn, and how much memory that takes.

python benchmarks/training_rows.py [--rows 1000000] [--batch 512]

Resident memory is printed at the start and after each part; it must not grow with the number of rows.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _memory import memory_mib

from embedrank.training.ahead import Ahead
from embedrank.training.data.preparing import Prepared, prepare, rows_by_name
from embedrank.training.data.row_file import RowFile
from embedrank.training.data.source import SourceConfig
from embedrank.training.mixing import Mixture, MixtureConfig
from embedrank.training.rows import TrainingRow
from embedrank.training.seeded import drawn

WORDS = ["river", "stone", "cloud", "garden", "engine", "window", "market", "letter", "bridge", "winter", "paper"]


def main() -> None:
    """Write rows, then read and draw them in several ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=512)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="embedrank-rows-") as folder:
        path = write_rows(Path(folder) / "rows.jsonl", arguments.rows)
        print(f"{arguments.rows:,} rows, {path.stat().st_size / 2**20:.0f} MiB, batches of {arguments.batch}")
        print(f"{'at the start':34} {'':>10}        {memory_mib('VmRSS'):6.0f} MiB resident", flush=True)
        rows = rows_by_name(prepared(path, Path(folder) / "kept", arguments.rows))
        draw(rows, arguments.batch, arguments.rows)


def write_rows(path: Path, count: int) -> Path:
    """Rows of a query of five words and a positive of twenty; every fifth positive is that of the row before."""
    rng = random.Random(0)
    answer = ""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            if number % 5 != 4:
                answer = f"{number} {' '.join(rng.choices(WORDS, k=20))}"
            row = {"question": f"{number} {' '.join(rng.choices(WORDS, k=5))}", "answer": answer}
            file.write(json.dumps(row) + "\n")
    return path


def prepared(path: Path, kept: Path, count: int) -> dict[str, Prepared]:
    """Read, check and keep all rows."""
    begun = time.perf_counter()
    found = prepare({"faq": SourceConfig(files=[str(path)])}, kept)
    tell("read, checked and kept", count, begun)
    return found


def draw(rows: dict[str, RowFile], batch_size: int, count: int) -> None:
    """Draw one epoch in each way."""
    everything = MixtureConfig(
        batch_size=batch_size,
        distinct=True,
        drop_last=False,
        shuffle_texts=True,
        instructions={"faq": ["Find the answer", "Answer the question"]},
    )
    plain = MixtureConfig(batch_size=batch_size)
    ahead = Ahead(Mixture(rows, everything))
    ways: dict[str, Callable[[], list[TrainingRow]]] = {
        "drawn, plain": Mixture(rows, plain).next_batch,
        "drawn, one process of eight": Mixture(rows, plain).shard(3, 8).next_batch,
        "drawn, distinct texts, paraphrases": Mixture(rows, everything).next_batch,
        "the same in a thread": ahead.next_batch,
    }
    for name, next_batch in ways.items():
        begun = time.perf_counter()
        for _ in range(count // batch_size):
            next_batch()
        tell(name, count, begun)
    ahead.close()
    file, begun = rows["faq"], time.perf_counter()
    for number in range(100_000):
        file[drawn(number) % len(file)]
    tell("fetched by number, anywhere", 100_000, begun)


def tell(what: str, count: int, begun: float) -> None:
    """One line."""
    rate = count / (time.perf_counter() - begun)
    print(f"{what:34} {rate:10,.0f} rows/s {memory_mib('VmRSS'):6.0f} MiB resident", flush=True)


if __name__ == "__main__":
    main()
