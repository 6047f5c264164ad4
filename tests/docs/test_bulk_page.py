"""The code of the page on bulk encoding runs as it stands there."""

from __future__ import annotations

import gzip
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.command_line import say
from tests.docs.pages import REPOSITORY, blocks, console_commands

PAGE = REPOSITORY / "docs" / "bulk.md"


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The files that the page names, in the working folder."""
    rows = [{"key": f"d{i}", "body": f"body {i % 5}", "text": f"text {i % 5}"} for i in range(9)]
    lines = "\n".join(map(json.dumps, rows))
    for name in ("a.jsonl", "corpus.jsonl", "questions.txt"):
        (tmp_path / name).write_text(lines)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "corpus.parquet")
    monkeypatch.chdir(tmp_path)
    return rows


def test_the_first_commands_write_what_they_name(capsys, corpus) -> None:
    commands = [shlex.split(line) for line in console_commands(PAGE) if "--ray" not in line]
    assert len(commands) == 3
    for words in commands:
        said = say(capsys, *words[1:])
        assert said.code == 0, said.err
        assert Path(words[words.index("--out") + 1]).exists()


def test_the_program_runs(corpus) -> None:
    (block,) = blocks(PAGE, "python")
    Path("program.py").write_text(block)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "program.py"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "9 5"
    assert np.load("vectors.npy").shape == (9, 256)
