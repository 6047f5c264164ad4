"""`embedrank train`: one stage of the recipe, from a YAML file to a model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from embedrank.cli import options
from embedrank.cli.console import note, out, print_json
from embedrank.cli.render_counts import count_lines
from embedrank.cli.set_words import settings_in
from embedrank.cli.wiring import Wiring, wiring_of
from embedrank.core.errors import InvalidInputError

if TYPE_CHECKING:
    from embedrank.training.data.preparing import Prepared
    from embedrank.training.stages.config import StageConfig, TeacherConfig
    from embedrank.training.stages.judged import JudgedSet, Measure
    from embedrank.training.stages.run import StageReport

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
    from embedrank.training.stages.run import run_stage

    named = {"model": model, "device": device}
    overrides = {name: value for name, value in named.items() if value is not None}
    config = StageConfig.read(stage, {**overrides, **settings_in(set_ or [])})
    if _is_first():
        _prepare(to, stage, restart=restart)
    wiring = wiring_of(context, device=config.device)
    measure = _measure(config, wiring)

    def load_teacher(asked: TeacherConfig) -> Any:
        return wiring.embedder(asked.model) if asked.kind == "embedder" else wiring.reranker(asked.model)

    with _watched(config) as watch:
        report = run_stage(config, to, measure=measure, load_teacher=load_teacher, watch=watch)
    if _is_first():
        _tell(report, json=json)


def _is_first() -> bool:
    """Whether this process speaks for all that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def _prepare(folder: Path, stage: Path, *, restart: bool) -> None:
    """The run's folder, with the stage as it was given."""
    from embedrank.core.errors import StorageError

    try:
        if restart and folder.exists():
            if not (folder / STAGE).is_file():
                raise InvalidInputError("--restart", f"{folder} is no folder of a run; nothing was removed")
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(stage, folder / STAGE)
    except shutil.SameFileError:
        pass
    except OSError as error:
        raise StorageError(folder, f"cannot be written: {error}") from error


def _measure(config: StageConfig, wiring: Wiring) -> Measure | None:
    """Measures models on the stage's judged sets, which are read before training begins; None where there are none."""
    from embedrank.cli.dev_set import DevSet

    asked: list[JudgedSet] = [config.dev] if config.dev else []
    asked += config.gate.sets.values() if config.gate else []
    if not asked or not _is_first():  # the first process measures for all
        return None if not asked else lambda model, judged: {}
    sets = {_place(each): DevSet.open(Path(each.data), each.split, max_queries=each.max_queries) for each in asked}
    return lambda model, judged: sets[_place(judged)].measure(wiring, model, config.kind)


def _place(judged: JudgedSet) -> tuple[str, str, int | None]:
    return judged.data, judged.split, judged.max_queries


@contextmanager
def _watched(config: StageConfig) -> Iterator[Any]:
    """A bar with loss, rate and time left, and a line for each look at the development set."""
    from embedrank.cli.train_bar import TrainBar
    from embedrank.training.stages.run import Watch

    with TrainBar(config.loop.num_steps) as bar:

        def begin(sources: Mapping[str, Prepared], done: int) -> None:
            for name, each in sources.items():
                note(f"{name}: {sum(map(len, each.rows.values()))} rows")
                for reason, count in each.num_left_out.items():
                    note(f"{name}: {count} left out, {reason}; the first: {each.examples[reason]}")
            if done:
                note(f"going on after {done} steps")
            bar.begin(done)

        def look(step: int, figures: Mapping[str, float]) -> None:
            shown = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
            note(f"step {step}: {shown}")

        yield Watch(on_rows=bar.reading, on_begin=begin, on_step=bar.step, on_look=look)


def _tell(report: StageReport, *, json: bool) -> None:
    if json:
        print_json({**asdict(report), "model": str(report.model)})
        return
    for line in count_lines(report):
        note(line)
    why = ", stopped early" if report.stopped_early else ""
    best = f", step {report.best_step} is the best" if report.figures else ""
    for name, each in report.gate.items():
        note(f"gate {name}: {each.before:.4f} before, {each.after:.4f} after")
    out().print(Text(f"{report.steps} steps{why}{best} -> {report.model}"), soft_wrap=True)
