"""The settings and the program of the page on training data run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embedrank.training.data.columns import LAYOUTS
from embedrank.training.data.source import FORMATS, ROLES
from tests.docs.pages import REPOSITORY, blocks, section
from tests.training.data.files import write_beir, write_jsonl

PAGE = REPOSITORY / "docs" / "training-data.md"


def test_formats_layouts_and_roles_are_those_of_the_code() -> None:
    heading, *formats = re.findall(r"^\| `(\w+)` \|", section(PAGE, "A source"), re.MULTILINE)
    assert (heading, tuple(formats)) == ("format", FORMATS)
    columns = section(PAGE, "Columns")
    rows = [line for line in columns.splitlines() if line.startswith("| `")]
    assert len(rows) == len(LAYOUTS)
    for line, layout in zip(rows, LAYOUTS.values(), strict=True):
        assert all(f"`{column}`" in line for column in layout.required)
        assert layout.task is None or f"| {layout.task}" in line
    assert all(f"`{role}`" in columns for role in ROLES)


def test_the_program_runs(tmp_path: Path, bundled_models: Path) -> None:
    datasets = pytest.importorskip("datasets")
    pq.write_table(
        pa.table({"title": list("abcdef"), "body": list("ghijkl"), "id": range(6)}), tmp_path / "faq.parquet"
    )
    write_beir(tmp_path / "medical", {"q0": {"d0": 1, "d1": 0}, "q1": {"d1": 0}})
    for number in range(2):
        pairs = [{"sentence1": f"a{number}", "sentence2": f"b{number}", "score": 0.5}]
        write_jsonl(tmp_path / f"pairs-{number}.jsonl", pairs)
    intents = [{"text": "one", "label": "yes"}, {"text": "two", "label": "no"}, {"text": "", "label": "no"}]
    datasets.Dataset.from_list(intents).save_to_disk(tmp_path / "intents")
    (tmp_path / "model").symlink_to(bundled_models / "nano-embedder")
    (tmp_path / "data.yaml").write_text(blocks(PAGE, "yaml")[0])
    (tmp_path / "program.py").write_text(blocks(PAGE, "python")[0])
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "program.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[:3] == ["faq {} {}", said[1], "pairs {} {}"]
    assert said[1].startswith("medical {'no relevant document': 1}")
    assert said[3].startswith("intents {'no query': 1}")
    assert "TextCounts" in said[4]
    assert all(f"'{name}': SourceCounts" in said[5] for name in ("faq", "medical", "pairs", "intents"))
