"""The lines that an export gives its users run as they stand, beside the files and without this library."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from embedrank.model.export.formats import FORMATS
from embedrank.model.export.record import usage

FOLDERS = [(name, kind) for name, each in FORMATS.items() if not each.suffix for kind in each.kinds]
SHOWN = [*FOLDERS, ("gguf", "embedder")]


@pytest.mark.parametrize(("format", "kind"), FOLDERS)
def test_the_lines_of_the_card_run(
    exported, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], format: str, kind: str
) -> None:
    folder = exported(kind, format, "fp32").target
    lines = usage(format, kind)
    assert "embedrank " not in lines
    assert "import embedrank" not in lines
    assert f"```python\n{lines}```" in (folder / "README.md").read_text(encoding="utf-8")
    monkeypatch.chdir(folder)
    exec(compile(lines, f"{format}-{kind}", "exec"), {})
    assert "nan" not in (said := capsys.readouterr().out)
    assert said.strip()


def test_the_lines_for_gguf_run(
    exported, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("llama_cpp")
    shutil.copyfile(exported("blocks", "gguf", "fp32").target, tmp_path / "model.gguf")
    monkeypatch.chdir(tmp_path)
    exec(compile(usage("gguf", "embedder"), "gguf-embedder", "exec"), {})
    assert -1 <= float(capsys.readouterr().out) <= 1


@pytest.mark.parametrize(("format", "kind"), SHOWN)
def test_the_documentation_shows_the_same_lines(repository: Path, format: str, kind: str) -> None:
    assert f"```python\n{usage(format, kind)}```" in (repository / "docs" / "export.md").read_text(encoding="utf-8")
