"""The image installs what the page says, runs as nobody in particular, and starts with a command that exists."""

import json
import re

from tests.deploy.files import instructions, parsed
from tests.docs.pages import REPOSITORY, blocks

PAGE = REPOSITORY / "docs" / "deploying.md"


def instruction(name):
    """What stands behind the last instruction of a name."""
    return [line.split(None, 1)[1] for line in instructions() if line.startswith(name + " ")][-1]


def test_the_image_installs_what_the_page_says():
    (documented,) = [
        line for block in blocks(PAGE, "console") for line in block.splitlines() if 'pip install ".[' in line
    ]
    (built,) = [found for line in instructions() for found in re.findall(r'pip install "\.\[[a-z,]+\]"', line)]
    assert built == documented.removeprefix("$ ")
    declared = (REPOSITORY / "pyproject.toml").read_text()
    for extra in re.findall(r"[a-z]+", built.partition("[")[2]):
        assert re.search(rf"^{extra} = \[", declared, re.MULTILINE), extra


def test_torch_is_the_one_that_everything_else_is_tested_with():
    (made,) = re.findall(r"^TORCH_VERSION := (\S+)", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert f"ARG TORCH={made}" in instructions()


def test_the_image_runs_as_an_ordinary_user():
    user = instruction("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    assert f"--uid {user.partition(':')[0]}" in " ".join(instructions())


def test_the_image_starts_a_server_on_the_port_that_it_exposes_and_asks():
    assert json.loads(instruction("ENTRYPOINT")) == ["embedrank"]
    options = parsed(json.loads(instruction("CMD")))
    assert (options["host"], options["port"]) == ("0.0.0.0", int(instruction("EXPOSE")))
    assert f"http://127.0.0.1:{options['port']}/health" in instruction("HEALTHCHECK")


def test_everything_that_is_copied_is_there_and_reaches_the_build():
    kept = (REPOSITORY / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    copied = [word for line in instructions() if re.match(r"COPY (?!--from)", line) for word in line.split()[1:-1]]
    assert "pyproject.toml" in copied and "embedrank" in copied
    for name in copied:
        assert (REPOSITORY / name).exists(), name
        assert f"!{name}" in kept, name
