"""What the project says of itself in its files agrees: versions, make targets, entry point."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import embedrank
from tests.architecture.source_tree import imported_names, modules

PROMISED_TARGETS = {"help", "demo", "test", "check", "bench", "format", "clean"}
MAX_TARGETS = 8


def _read(repository: Path, name: str) -> str:
    return (repository / name).read_text(encoding="utf-8")


def _make_targets(repository: Path) -> dict[str, str]:
    """Public target to its one-line help."""
    return dict(re.findall(r"^([a-z]+):[^=\n]*## (.+)$", _read(repository, "Makefile"), re.MULTILINE))


def test_the_version_is_the_same_everywhere(repository: Path) -> None:
    (declared,) = re.findall(r'^version = "(.+)"$', _read(repository, "pyproject.toml"), re.MULTILINE)
    newest = re.findall(r"^## \[(.+?)\]", _read(repository, "CHANGELOG.md"), re.MULTILINE)[0]
    assert declared == newest
    assert embedrank.__version__ in {declared, "0+checkout"}  # the second where the package is not installed


IMPORTED_AS = {
    "docx": "python-docx",
    "pydantic_core": "pydantic",  # comes with it, at the one version that fits
    "bs4": "beautifulsoup4",
    "yaml": "pyyaml",
    "sklearn": "scikit-learn",
    "markdown_it": "markdown-it-py",
    "llama_cpp": "llama-cpp-python",
    "opentelemetry": "opentelemetry-sdk",
}


def test_every_imported_library_is_a_declared_dependency(repository: Path) -> None:
    shipped = _read(repository, "pyproject.toml").split("\ndev = [")[0].split("\ndependencies = [")[1]
    declared = set(re.findall(r'^ *(?:[a-z]+ = \[)?"([\w-]+)', shipped, re.MULTILINE))
    imported = {name.partition(".")[0] for module in modules().values() for name, _ in imported_names(module)}
    libraries = imported - set(sys.stdlib_module_names) - {"embedrank"}
    assert {"numpy", "torch"} <= libraries
    assert {IMPORTED_AS.get(name, name.replace("_", "-")) for name in libraries} <= declared


def test_the_makefile_has_the_promised_targets_and_few_more(repository: Path) -> None:
    targets = _make_targets(repository)
    assert set(targets) >= PROMISED_TARGETS
    assert len(targets) <= MAX_TARGETS


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_every_make_target_that_is_named_exists(repository: Path, name: str) -> None:
    named = set(re.findall(r"^\s*make (?:--[a-z-]+ )*([a-z]+)|`make ([a-z]+)", _read(repository, name), re.MULTILINE))
    targets = {first or second for first, second in named}
    assert targets
    assert targets <= set(_make_targets(repository))


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
def test_make_help_lists_every_target(repository: Path) -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=repository, capture_output=True, text=True, check=True)
    for target, gloss in _make_targets(repository).items():
        assert re.search(rf"\b{target}\b.*{re.escape(gloss)}", done.stdout), target


def test_ci_runs_the_test_command_of_the_readme(repository: Path) -> None:
    script = repository / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = _read(repository, ".ci/run")
    assert "set -euo pipefail" in text
    assert re.search(r"^make (--[a-z-]+ )*test$", text, re.MULTILINE)
    assert "make test" in _read(repository, "README.md")


def test_the_entry_point_is_the_one_that_tests_run(repository: Path) -> None:
    assert 'embedrank = "embedrank.cli:main"' in _read(repository, "pyproject.toml")


def test_the_command_line_answers_help(embedrank_command: list[str], repository: Path) -> None:
    done = subprocess.run([*embedrank_command, "--help"], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_an_unknown_command_ends_with_exit_code_two(embedrank_command: list[str], repository: Path) -> None:
    done = subprocess.run([*embedrank_command, "no-such-command"], cwd=repository, capture_output=True, check=False)
    assert done.returncode == 2


def test_a_licence_and_a_notice_ship(repository: Path) -> None:
    assert "Apache License" in _read(repository, "LICENSE")
    assert "Apache License, Version 2.0" in _read(repository, "NOTICE")
    assert (repository / "embedrank" / "py.typed").is_file()
