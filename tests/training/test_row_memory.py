"""Rows are read, and batches drawn, in memory that does not depend on how many rows there are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

RUN = """
import json, resource, sys
from pathlib import Path
from embedrank.training.data.preparing import prepare, rows_by_name
from embedrank.training.data.source import SourceConfig
from embedrank.training.mixing import Mixture, MixtureConfig
num_rows, folder = int(sys.argv[1]), Path(sys.argv[2])
path = folder / f"{num_rows}.jsonl"
with path.open("w") as file:
    for n in range(num_rows):
        file.write(json.dumps({"question": f"q{n}", "answer": f"{n} " * 100}) + "\\n")
rows = rows_by_name(prepare({"a": SourceConfig(files=[str(path)])}, folder / "kept"))
mixture = Mixture(rows, MixtureConfig(batch_size=500, distinct=True, drop_last=False))
seen = {row.query for _ in range(num_rows // 500) for row in mixture.next_batch()}
print(json.dumps([len(seen), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))
"""
ROW_BYTES = 500  # a row's answer alone


def _run(num_rows: int, folder: Path, repository: Path) -> tuple[int, int]:
    command = [sys.executable, "-c", RUN, str(num_rows), str(folder)]
    done = subprocess.run(command, cwd=repository, capture_output=True, check=True)
    num_seen, peak = json.loads(done.stdout)
    return num_seen, peak


def test_memory_does_not_grow_with_the_number_of_rows(tmp_path: Path, repository: Path) -> None:
    (few, little), (many, much) = (_run(count, tmp_path, repository) for count in (8_000, 40_000))
    assert (few, many) == (8_000, 40_000)
    assert much - little < 32_000 * ROW_BYTES / 2  # the queries that the program itself remembers included
