"""Memory of a process that encodes texts of many lengths stays where it was."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from embedrank.model.shape_caches import NAMES

PROGRAM = """
import ctypes, random, sys
from pathlib import Path
import torch
from embedrank import Embedder
from tests.model.conftest import pico_decoder, pico_tokenizer
from embedrank.model.checkpoint import save_embedder
from embedrank.model.prompting import PromptPolicy

def resident_mib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024

torch.set_num_threads(1)
folder = Path(sys.argv[1])
save_embedder(folder, pico_decoder(), pico_tokenizer(), prompts=PromptPolicy(), max_length=512)
embedder = Embedder.load(str(folder), device="cpu", native="off")
for length in range(2, 32):
    embedder.encode_documents(["bear " * length])
before = resident_mib()
for length in range(32, 432):
    embedder.encode_documents(["bear " * length])
print(resident_mib() - before)
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
print(getenv(b"LRU_CACHE_CAPACITY").decode())
"""


def grown(folder, **environment: str) -> tuple[float, str]:
    kept = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        capture_output=True,
        text=True,
        env={**kept, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    grown_mib, capacity = done.stdout.split()
    return float(grown_mib), capacity


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_four_hundred_lengths_take_little_memory_and_the_user_may_say_otherwise(tmp_path) -> None:
    bounded, capacity = grown(tmp_path / "bounded")
    assert capacity == "64"
    unbounded, capacity = grown(tmp_path / "unbounded", **dict.fromkeys(NAMES, "4096"))
    assert capacity == "4096"
    assert bounded < unbounded / 2
