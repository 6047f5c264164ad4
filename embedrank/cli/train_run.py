"""Running a stage from a command: what measures, what judges, what is shown."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from embedrank.cli.console import note, out, print_json
from embedrank.cli.render_counts import count_lines
from embedrank.cli.wiring import Wiring

if TYPE_CHECKING:
    from embedrank.training.data.preparing import Prepared
    from embedrank.training.stages.config import StageConfig, TeacherConfig
    from embedrank.training.stages.judged import JudgedSet, Measure
    from embedrank.training.stages.run import StageReport


def is_first() -> bool:
    """Whether this process speaks for all that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def run(config: StageConfig, folder: Path, wiring: Wiring) -> StageReport:
    """Run a stage with a progress bar.

    Args:
        config: The stage.
        folder: Folder of the run.
        wiring: Gives teachers, and the models that are measured.

    Returns:
        Its report.

    Raises:
        EmbedrankError: If settings, rows, judged sets, model or disk do not allow it, or the model fails the gate.
    """
    from embedrank.training.stages.run import run_stage

    def load_teacher(asked: TeacherConfig) -> Any:
        return wiring.embedder(asked.model) if asked.kind == "embedder" else wiring.reranker(asked.model)

    measure = _measure(config, wiring)
    with _watched(config) as watch:
        return run_stage(config, folder, measure=measure, load_teacher=load_teacher, watch=watch)


def tell(report: StageReport, *, json: bool) -> None:
    """Say how a stage ended.

    Args:
        report: Of the stage.
        json: Whether as JSON on stdout.
    """
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


def _measure(config: StageConfig, wiring: Wiring) -> Measure | None:
    """Measures models on the stage's judged sets, which are read before training begins; None where there are none."""
    from embedrank.cli.dev_set import DevSet

    asked: list[JudgedSet] = [config.dev] if config.dev else []
    asked += config.gate.sets.values() if config.gate else []
    if not asked or not is_first():  # the first process measures for all
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
