"""What only a process of its own can show: exit codes, signals, pipes, and what the import costs."""

import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from embedrank.cli.app import app, run
from embedrank.cli.wiring import Wiring
from tests.cli.command_line import COMMAND, process

HEAVY = ("torch", "lancedb", "pyarrow", "numpy", "tokenizers", "huggingface_hub", "transformers")


@pytest.mark.parametrize("module", ["embedrank", "embedrank.cli"])
def test_importing_is_cheap(module):
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_face_is_three_names_and_a_version():
    import embedrank

    assert {"Embedder", "Reranker", "SearchIndex", "__version__"} <= set(dir(embedrank))
    assert embedrank.SearchIndex.__name__ == "SearchIndex"
    assert embedrank.__version__
    with pytest.raises(AttributeError, match="no attribute 'Searcher'"):
        _ = embedrank.Searcher


def test_help_lists_every_command():
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    assert all(name in done.output for name in ("demo", "index", "search", "embed", "rerank", "eval", "models"))


@pytest.mark.parametrize("command", ["demo", "index", "search", "embed", "rerank", "eval", "models"])
def test_every_command_explains_itself(command):
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0 and "Usage: " in done.output


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["search", "", "--in", "nowhere"], "error: query: is empty"),
        (["search", "bear", "--in", "nowhere"], "error: no index at nowhere"),
        (["index", "nowhere", "--to", "new"], "error: nowhere: there is no such file or folder"),
        (["eval", "--data", "nowhere"], "error: nowhere: no such folder"),
        (["embed", "nowhere.txt"], "error: nowhere.txt: no such file"),
        (["embed", "--model", "no-such-model"], "error: model 'no-such-model'"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(arguments, part):
    done = process(*arguments, text="some text\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(part), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_option_ends_with_code_2():
    done = process("search", "--no-such-option")
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_the_version_is_printed():
    done = process("--version")
    assert done.returncode == 0 and done.stdout.startswith("embedrank ")


def test_interrupting_ends_with_code_130_and_no_traceback():
    running = subprocess.Popen(
        [*COMMAND, "embed"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # shells ignore it in background
    )
    running.stdin.write("\n" * (1 << 18))  # more than a pipe holds: it returns when the command reads
    running.stdin.flush()
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in said


def test_a_reader_that_goes_away_is_no_complaint():
    running = subprocess.Popen(
        [*COMMAND, "models", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    running.stdout.close()
    assert running.stderr.read() == ""
    running.stderr.close()
    running.wait(timeout=30)


def test_a_bug_keeps_its_traceback():
    def broken(name):
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        run(["embed", __file__], Wiring(embedder=broken))
