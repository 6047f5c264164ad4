"""Runs commands in this process with stand-in models, or in a process of their own as a user would."""

import os
import subprocess
import sys

from embedrank.cli.app import run
from embedrank.cli.wiring import Wiring
from tests.search.fakes import BagEncoder, OverlapReranker

COMMAND = [sys.executable, "-m", "embedrank"]


def fake_wiring(encoder=None, reranker=None):
    encoder, reranker = encoder or BagEncoder(), reranker or OverlapReranker()
    return Wiring(
        embedder=lambda name, **how: encoder, reranker=lambda name, **how: reranker, partner=lambda name: name
    )


def listening_wiring(heard):
    """As `fake_wiring`, and notes down how models are asked for."""

    def load(model):
        def note_down(name, **how):
            heard.append((name, how))
            return model

        return note_down

    return Wiring(embedder=load(BagEncoder()), reranker=load(OverlapReranker()), partner=lambda name: name)


def no_models():
    """Wiring for commands that have to fail, or to finish, before any model is loaded."""

    def refuse(name, **how):
        raise AssertionError(f"model {name} was loaded")

    return Wiring(embedder=refuse, reranker=refuse, partner=lambda name: name)


class Said:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def say(capsys, *arguments, wiring=None):
    """Run a command here."""
    capsys.readouterr()
    code = run([str(word) for word in arguments], wiring or fake_wiring())
    captured = capsys.readouterr()
    return Said(code, captured.out, captured.err)


def process(*arguments, text="", **environment):
    """Run a command in a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "80", **environment},
        check=False,
    )


def assert_one_error_line(said, part):
    """Bad input: exit code 2, nothing on stdout, one line on stderr that names the trouble."""
    assert said.code == 2
    assert said.out == ""
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].startswith("error: ") and part in lines[0], lines[0]
