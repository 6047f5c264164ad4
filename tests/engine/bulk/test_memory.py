import json
import subprocess
import sys

import pytest

RUN = """
import json, resource, sys
from pathlib import Path
from tests.engine.bulk.fakes import load_wide
from tests.engine.bulk.running import bulk
num_texts, folder = int(sys.argv[1]), Path(sys.argv[2])
path = folder / f"{num_texts}.txt"
with path.open("w") as file:
    file.writelines(f"text {i}\\n" for i in range(num_texts))
bulk(path, folder / f"{num_texts}{sys.argv[3]}", how=load_wide, chunk_texts=256, commit_every_s=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
WIDE_BYTES = 256 * 4


def _peak_bytes(num_texts, folder, suffix, repository):
    command = [sys.executable, "-c", RUN, str(num_texts), folder, suffix]
    done = subprocess.run(command, cwd=repository, capture_output=True, check=True)
    return json.loads(done.stdout) * 1024


@pytest.mark.parametrize("suffix", [".npy", ".parquet"])
def test_memory_does_not_grow_with_the_number_of_texts(tmp_path, repository, suffix):
    few, many = (_peak_bytes(count, tmp_path, suffix, repository) for count in (10_000, 30_000))
    assert many - few < 20_000 * WIDE_BYTES / 2
