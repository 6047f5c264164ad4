"""Commands of the page on deploying are ones that there are, and its files too; containers are not started here."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from tests.deploy.files import DEPLOY, parsed
from tests.docs.pages import REPOSITORY, blocks, console_commands

PAGE = REPOSITORY / "docs" / "deploying.md"
TEXT = PAGE.read_text(encoding="utf-8")
LINES = [line.removeprefix("$ ") for block in blocks(PAGE, "console") for line in block.splitlines()]


def test_every_way_to_start_the_server_is_one_that_it_takes() -> None:
    served = [shlex.split(command)[1:] for command in console_commands(PAGE)]
    served += [["serve", *shlex.split(line.partition(" serve ")[2])] for line in LINES if line.startswith("docker run")]
    assert len(served) >= 3
    for words in served:
        if len(words) > 1:
            parsed(words)


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"(?:-f |config=|python )((?:deploy|benchmarks)/[\w./]+)", TEXT))
    assert {"deploy/Dockerfile", "deploy/compose.yaml", "benchmarks/serve_load.py"} <= named
    assert not [name for name in named if not (REPOSITORY / name).is_file()]
    rows = re.findall(r"^\| (`[^|]+) \|", TEXT.partition("## Docker")[0], re.MULTILINE)
    listed = {name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row)}
    hidden = {"__pycache__", "Dockerfile.dockerignore"}
    assert listed == {path.name for path in DEPLOY.iterdir()} - hidden


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("python benchmarks/")])
def test_every_benchmark_takes_what_the_page_gives_it(line: str) -> None:
    _, script, *options = shlex.split(line)
    shown = subprocess.run(
        [sys.executable, script, "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert all(option in shown.stdout for option in options if option.startswith("--"))


def test_names_in_the_ray_command_are_those_of_the_file() -> None:
    (line,) = [line for line in LINES if line.startswith("serve run ")]
    source = (DEPLOY / "ray_serve.py").read_text(encoding="utf-8")
    assert line in source  # its own first lines say the same
    for name in re.findall(r"(\w+)=", line):
        assert f'"{name}":' in source
