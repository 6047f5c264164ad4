"""The files under deploy/, parsed, and the command line that they speak to."""

import os
from pathlib import Path

import typer
import yaml

from embedrank.cli.serve_settings import serve_settings
from tests.docs.pages import REPOSITORY

DEPLOY = REPOSITORY / "deploy"


def read_yaml(name):
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def instructions():
    """Lines of the Dockerfile, continued ones joined, comments left out."""
    lines = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


def parsed(arguments):
    """Options of `embedrank serve`, from the words of a container's command; fails as the command itself would."""
    from embedrank.cli.app import app

    command, *words = arguments
    assert command == "serve", arguments
    serve = typer.main.get_command(app).commands["serve"]
    return serve.make_context("serve", list(words)).params


def settings_in(path: Path):
    """What `embedrank serve --config` makes of a file."""
    assert not [name for name in os.environ if name.startswith("EMBEDRANK_SERVE_")]
    nothing = {"embedders": (), "rerankers": (), "no_rerank": False, "key_file": None, "set_": ()}
    return serve_settings(config=path, options={}, model_options={}, **nothing)
