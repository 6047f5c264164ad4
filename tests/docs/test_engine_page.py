"""The snippet of the engine's page runs as it stands, and its table of files is that of the folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import REPOSITORY, blocks

PAGE = REPOSITORY / "docs" / "engine.md"


def test_the_snippet_runs(bundled_models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (snippet,) = blocks(PAGE, "python")
    names: dict[str, object] = {}
    exec(compile(snippet, str(PAGE), "exec"), names)
    assert names["vectors"].shape == (1, 128)  # type: ignore[attr-defined]
    assert capsys.readouterr().out.startswith("[0, 1]")


def test_every_step_names_a_file_and_every_file_has_its_step() -> None:
    named = set(re.findall(r"`(\w+\.py)`", PAGE.read_text(encoding="utf-8")))
    files = {path.name for path in (REPOSITORY / "embedrank" / "engine").glob("[!_]*.py")}
    assert named <= files
    assert files - named <= {"task.py", "models.py"}
