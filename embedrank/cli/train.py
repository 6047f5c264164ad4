"""`embedrank train`: one stage of the recipe, from a YAML file to a model."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from embedrank.cli import options
from embedrank.cli.rivals import require_own
from embedrank.cli.run_folder import open_run_folder
from embedrank.cli.set_words import settings_in
from embedrank.cli.train_run import is_first, run, tell
from embedrank.cli.wiring import wiring_of
from embedrank.core.errors import StorageError

STAGE = "stage.yaml"


def train(
    context: typer.Context,
    stage: Annotated[Path, typer.Argument(help="YAML file of the stage; see docs/training.md.")],
    to: Annotated[Path, typer.Option("--to", "-o", help="Folder of the run; a run that was broken off goes on there.")],
    model: Annotated[str | None, typer.Option("--model", "-m", help="Where the weights start.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any setting, such as loop.num_steps=200; again for more.")
    ] = None,
    device: options.Device = None,
    restart: Annotated[bool, typer.Option("--restart", help="Throw away what is in the folder of the run.")] = False,
    json: options.Json = False,
) -> None:
    """Train an embedder or a reranker as a YAML file says; run it again after a kill: it goes on.

    Under torchrun (`torchrun --nproc-per-node N -m embedrank train ...`) all processes train together.
    """
    from embedrank.training.stages.config import StageConfig

    named = {"model": model, "device": device}
    overrides = {name: value for name, value in named.items() if value is not None}
    config = StageConfig.read(stage, {**overrides, **settings_in(set_ or [])})
    require_own(config.model, what="training")
    if is_first():
        _prepare(to, stage, restart=restart)
    report = run(config, to, wiring_of(context, device=config.device))
    if is_first():
        tell(report, json=json)


def _prepare(folder: Path, stage: Path, *, restart: bool) -> None:
    """The run's folder, with the stage as it was given."""
    open_run_folder(folder, marker=STAGE, restart=restart)
    try:
        shutil.copyfile(stage, folder / STAGE)
    except shutil.SameFileError:
        pass
    except OSError as error:
        raise StorageError(folder, f"cannot be written: {error}") from error
