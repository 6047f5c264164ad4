"""The table of commands, and how a run ends: 0; 2 and one line on bad input; 130 on Ctrl-C; a traceback on bugs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from embedrank.cli import (
    demo,
    embed,
    evaluate,
    export,
    merge,
    mine,
    models,
    recipe,
    rerank,
    search,
    serve,
    synth,
    train,
    tune,
)
from embedrank.cli import index as index_command
from embedrank.cli.console import print_error
from embedrank.cli.wiring import Wiring
from embedrank.core.errors import EmbedrankError

BAD_INPUT = 2

app = typer.Typer(
    name="embedrank",
    help="Embed, search in two stages, rerank and measure, with Qwen3 embedding models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("demo")(demo.demo)
app.command("index")(index_command.index)
app.command("search")(search.search)
app.command("embed")(embed.embed)
app.command("rerank")(rerank.rerank)
app.command("eval")(evaluate.evaluate)
app.command("serve")(serve.serve)
app.command("export")(export.export)
app.command("merge")(merge.merge)
app.command("mine")(mine.mine)
app.command("synth")(synth.synth)
app.command("train")(train.train)
app.command("tune")(tune.tune)
app.add_typer(recipe.app, name="recipe")
app.command("models")(models.models)


def _print_version(wanted: bool) -> None:
    if wanted:
        import embedrank

        typer.echo(f"embedrank {embedrank.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Embed, search in two stages, rerank and measure, with Qwen3 embedding models."""


def run(arguments: Sequence[str], wiring: Wiring | None = None) -> int:
    """Run one command.

    Args:
        arguments: Words after the program name.
        wiring: How models are loaded; None loads real ones.

    Returns:
        The exit code.
    """
    try:
        app(args=list(arguments), prog_name="embedrank", obj=wiring or Wiring())
    except EmbedrankError as error:
        print_error(str(error))
        return BAD_INPUT
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def main() -> None:
    """Entry point of the console script."""
    # Read when torch is loaded. Threads that spin while they wait make a machine that is shared with another job ten
    # times slower (2 cores, measured beside a training run).
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader went away; the interpreter would complain of it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
