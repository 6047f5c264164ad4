"""Running a stage: rows, model and loss together through the loop, with all that is left behind.

A run's folder holds: `stage.yaml` as it was given, `rows/` as they were read, `checkpoints/`, `log.jsonl`, `run.png`,
`tensorboard/`, `best/` with the best models, `adapters/` of LoRA, and at the end `model/`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from embedrank.core.errors import ConfigError
from embedrank.training.data.preparing import Prepared, prepare, rows_by_name
from embedrank.training.data.source import SourceConfig
from embedrank.training.loop import train
from embedrank.training.loop_config import StepReport
from embedrank.training.lora.adapters import add_adapters, learned_nothing
from embedrank.training.lora.folder import save_adapters
from embedrank.training.mixing import Mixture
from embedrank.training.parallel.whole import whole_weights
from embedrank.training.parallel.world import World, joined
from embedrank.training.replay import PREFIX, mixed_with_replay, rows_of_runs
from embedrank.training.source_stream import SourceCounts
from embedrank.training.stages.board import Board
from embedrank.training.stages.config import StageConfig
from embedrank.training.stages.gate import GateFigure, pass_gate
from embedrank.training.stages.history import DEV, ROWS, STEP, History
from embedrank.training.stages.judged import Measure
from embedrank.training.stages.keeper import FINAL, Keeper
from embedrank.training.stages.merged import merged_weights
from embedrank.training.stages.objective import LoadTeacher, objective_of
from embedrank.training.stages.plots import plot_run
from embedrank.training.stages.replacing import replace_folder
from embedrank.training.stages.starting import Start
from embedrank.training.text_counts import TextCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """What a stage did.

    Attributes:
        model: Folder of the finished model.
        steps: Steps done in all.
        stopped_early: Whether the development figure ended it.
        figures: The finished model's figures, where there is a development set.
        best_step: Step of the finished model.
        sources: Source to rows it holds, and rows left out by reason.
        given: What each mixed source gave to batches, in all.
        short: Batches of each that stayed smaller than asked.
        texts: Texts read, and texts that lost their end, by the source that their rows name; told in the first process.
        gate: Set to figures before and after, where there is a gate.
    """

    model: Path
    steps: int
    stopped_early: bool
    figures: Mapping[str, float]
    best_step: int
    sources: Mapping[str, Mapping[str, int]]
    given: Mapping[str, SourceCounts]
    short: Mapping[str, int]
    texts: Mapping[str, TextCounts]
    gate: Mapping[str, GateFigure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is told how a run goes, in its first process.

    Attributes:
        on_rows: Told a source and its number of rows while it is read.
        on_begin: Told what each source holds, and the steps done before.
        on_step: Told every step.
        on_look: Told a step and the figures on the development set.
    """

    on_rows: Callable[[str, int], None] = lambda name, count: None
    on_begin: Callable[[Mapping[str, Prepared], int], None] = lambda sources, done: None
    on_step: Callable[[StepReport], None] = lambda report: None
    on_look: Callable[[int, Mapping[str, float]], None] = lambda step, figures: None


def run_stage(
    config: StageConfig,
    folder: Path,
    *,
    measure: Measure | None = None,
    load_teacher: LoadTeacher | None = None,
    watch: Watch | None = None,
    stop_at: int | None = None,
) -> StageReport:
    """Train from where the folder's newest checkpoint is, or from the start, and leave a model.

    Started by torchrun, all processes call it together.

    Args:
        config: The stage.
        folder: Folder of the run; a run that was broken off goes on there.
        measure: Gives the figures of models; needed where `config.dev` or `config.gate` is set.
        load_teacher: Gives the teacher; needed where `config.teacher` is set.
        watch: Who is told.
        stop_at: Stop after so many steps in all, as an interruption would; there is no finished model then.

    Returns:
        The report.

    Raises:
        WorseModelError: If the finished model does not pass the gate.
        EmbedrankError: If settings, rows, model or disk do not allow it; what was done before stays.
    """
    if measure is None and (judged := "dev" if config.dev else "gate" if config.gate else None):
        raise ConfigError("StageConfig", judged, "sets", "needs something that measures")
    with joined(config.device or "cpu") as world:
        report = _Stage(config, folder, world, measure, load_teacher or _no_teacher, watch or Watch()).run(stop_at)
        if config.gate is None or measure is None or stop_at is not None or not world.is_first:
            return report
        return replace(report, gate=pass_gate(config.gate, config.model, report.model, measure))


class _Stage:
    """The parts of a running stage."""

    def __init__(
        self,
        config: StageConfig,
        folder: Path,
        world: World,
        measure: Measure | None,
        load_teacher: LoadTeacher,
        watch: Watch,
    ) -> None:
        self._config, self._folder, self._world, self._watch = config, folder, world, watch
        self._prepared = self._rows(config.sources)
        mixture = self._mixed()
        self._mixture = mixture.shard(world.rank, world.size) if world.size > 1 else mixture
        self._start = Start.of(config)
        if config.lora is not None:
            torch.manual_seed(config.loop.seed)  # adapters begin alike in all processes, and in a run begun again
            add_adapters(self._start.decoder, config.lora)
        self._objective = objective_of(config, self._start, load_teacher)
        self._measure = measure
        self._history: History | None = None
        self._keeper: Keeper | None = None
        self._board: Board | None = None

    def _mixed(self) -> Mixture:
        fresh, replay = rows_by_name(self._prepared), self._config.replay
        if replay is None:
            return Mixture(fresh, self._config.mixture)
        old = {**rows_of_runs(replay.runs), **self._rows(replay.sources)}
        self._prepared = {**self._prepared, **{PREFIX + name: each for name, each in old.items()}}
        return mixed_with_replay(fresh, rows_by_name(old), self._config.mixture, share=replay.share)

    def _rows(self, sources: Mapping[str, SourceConfig]) -> Mapping[str, Prepared]:
        """Read by the first process, opened by all."""
        rows = self._folder / "rows"
        prepared = prepare(sources, rows, tell=self._watch.on_rows) if self._world.is_first else None
        self._world.wait()
        return prepare(sources, rows) if prepared is None else prepared

    def run(self, stop_at: int | None) -> StageReport:
        """As `run_stage`."""
        steps = train(
            self._objective,
            self._mixture,
            self._config.loop,
            folder=self._folder / "checkpoints",
            on_resume=self._begin,
            on_step=self._step,
            on_evaluate=self._look,
            stop_at=stop_at,
        )
        if self._world.is_first and self._board is not None:
            self._board.close()
        keeper, history = self._keeper, self._history
        best_step = keeper.best.step if keeper is not None and keeper.looks else steps
        given, short = self._mixture.counts(), self._mixture.num_short()
        if history is not None:
            history.add_once(ROWS, {"step": steps, "given": _plain(given), "short": short})
        return StageReport(
            model=self._folder / FINAL,
            steps=steps,
            stopped_early=steps < self._config.loop.num_steps and stop_at is None,
            figures=history.figures(best_step) if history is not None else {},
            best_step=best_step,
            sources={name: _counts(each) for name, each in self._prepared.items()},
            given=given,
            short=short,
            texts=history.texts() if history is not None else {},
        )

    def _begin(self, step: int) -> bool:
        """Open what is written along the way; True if the run was over before."""
        if self._world.is_first:
            self._history = History(self._folder / "log.jsonl", steps_done=step)
            self._board = Board(self._folder / "tensorboard", steps_done=step)
            dev, measure = self._config.dev, self._measure
            if dev is not None and measure is not None:
                looks = self._history.records(DEV)
                self._keeper = Keeper(self._folder, dev, lambda folder: measure(str(folder), dev), looks)
            self._watch.on_begin(self._prepared, step)
        is_over = self._keeper is not None and self._keeper.is_over
        return bool(self._world.of_all(is_over)[0])

    def _step(self, report: StepReport) -> None:
        assert self._history is not None and self._board is not None
        record = {**asdict(report), "step": report.step + 1}
        self._history.add(STEP, record)
        self._board.add("train", record)
        self._watch.on_step(report)

    def _look(self, step: int, module: nn.Module) -> bool:
        """Measure, keep, draw; True to stop. All processes come here together."""
        config, weights = self._config, {}
        is_saved = config.dev is not None or step >= config.loop.num_steps
        if is_saved and config.lora is None:  # shards are gathered by all; beside adapters the first has all there is
            weights = whole_weights(module)
        is_over = False
        if self._world.is_first:
            is_over = self._look_at(step, weights)
        return bool(self._world.of_all(is_over)[0])

    def _look_at(self, step: int, weights: Mapping[str, Tensor]) -> bool:
        assert self._history is not None and self._board is not None
        config, keeper = self._config, self._keeper
        is_last = step >= config.loop.num_steps

        def save(target: Path) -> None:
            told = {"recipe": "stage.yaml", "steps": step, "started_from": config.model}
            held = weights if config.lora is None else merged_weights(self._start.decoder)
            self._start.save(target, held, config, told)

        if keeper is None:
            if is_last:
                self._save_adapters()
                save(self._folder / FINAL)
        else:
            figures = keeper.look(step, save)
            self._history.add(DEV, {"step": step, **figures})
            self._board.add("dev", {"step": step, **figures})
            self._watch.on_look(step, figures)
            is_last = is_last or keeper.is_over
            if keeper.best.step == step:
                self._save_adapters()
            if is_last:
                replace_folder(self._folder / FINAL, partial(shutil.copytree, keeper.best_folder))
        plot_run(self._history.records(STEP), self._history.records(DEV), self._folder / "run.png")
        return is_last

    def _save_adapters(self) -> None:
        decoder, lora, base, kind = self._start.decoder, self._config.lora, self._config.model, self._config.kind
        if lora is not None and not learned_nothing(decoder):
            write = partial(save_adapters, decoder=decoder, config=lora, base=base, kind=kind)
            replace_folder(self._folder / "adapters", write)


def _counts(prepared: Prepared) -> dict[str, int]:
    return {"rows": sum(len(rows) for rows in prepared.rows.values()), **prepared.num_left_out}


def _plain(given: Mapping[str, SourceCounts]) -> dict[str, dict[str, int]]:
    return {name: asdict(counts) for name, counts in given.items()}


def _no_teacher(config: object) -> Any:
    raise ConfigError("StageConfig", "teacher", config, "needs something that loads it")
