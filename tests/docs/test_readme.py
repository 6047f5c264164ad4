"""The README's code runs as it stands there, in order, with the bundled models and without a network."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import REPOSITORY, blocks, console_commands

README = REPOSITORY / "README.md"
MAX_README_LINES = 120


@pytest.fixture
def reader_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a reader would try the README: a folder with a few documents in docs/."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "retention.md").write_text("# Logs\n\nWe keep logs for 90 days.\n\n# Backups\n\nKept for a year.\n")
    (docs / "capitals.txt").write_text("Beijing is the capital of China.\n")
    (docs / "dates.py").write_text('def parse_date(text):\n    """Parse an ISO date."""\n    return text.split("-")\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_stays_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


def test_the_python_blocks_run_in_order(reader_folder: Path, bundled_models: Path) -> None:
    found = blocks(README, "python")
    assert found
    namespace: dict[str, Any] = {}
    for number, block in enumerate(found):
        exec(compile(block, f"README.md python block {number}", "exec"), namespace)


def test_the_console_commands_run_in_order(
    reader_folder: Path, bundled_models: Path, embedrank_command: list[str]
) -> None:
    commands = console_commands(README)
    assert commands
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    for command in commands:
        done = subprocess.run(
            [*embedrank_command, *shlex.split(command, comments=True)[1:]],
            cwd=reader_folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
