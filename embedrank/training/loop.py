"""The training loop: AdamW, warm-up and cosine, bf16 autocast, clipping, checkpoints, exact resume."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch
from torch import nn

from embedrank.core.errors import ConfigError
from embedrank.model.decoder import Decoder
from embedrank.training.ahead import ahead_of
from embedrank.training.batches import Batches
from embedrank.training.ema import WeightAverage
from embedrank.training.gradients import Gradients, autocast
from embedrank.training.loop_config import LoopConfig, StepReport
from embedrank.training.objective import Objective, PackedObjective
from embedrank.training.optimizer import make_optimizer, take_step
from embedrank.training.parallel.choose import choose_strategy
from embedrank.training.parallel.world import World
from embedrank.training.random_state import RandomState
from embedrank.training.recompute import recompute_layers
from embedrank.training.run_state import RunState
from embedrank.training.schedule import warmup_cosine

__all__ = ["LoopConfig", "StepReport", "autocast", "train"]

OnEvaluate = Callable[[int, nn.Module], bool | None]


def train(
    objective: Objective,
    mixture: Batches,
    config: LoopConfig,
    *,
    folder: Path,
    on_resume: Callable[[int], bool] | None = None,
    on_step: Callable[[StepReport], None] | None = None,
    on_evaluate: OnEvaluate | None = None,
    stop_at: int | None = None,
) -> int:
    """Run from the newest checkpoint in `folder`, or from the start, to the end.

    With several processes all of them call it, each with its own rows of every batch.

    Args:
        objective: The task.
        mixture: The batches; afterwards it stands behind the last one used.
        config: Settings; a resumed run must use the same ones, but may have another number of processes.
        folder: Where checkpoints are kept.
        on_resume: Called by all processes, once, with the steps done before; True ends the run there.
        on_step: Called after every step, by the first process only.
        on_evaluate: Called by all processes together every `evaluate_every` steps and after the last one, with the
            steps done and the module, which carries averaged weights if these are kept; see `parallel/together.py` for
            encoding together, `parallel/whole.py` for saving it. True ends the run there.
        stop_at: Stop early after this many steps in all, with a checkpoint, as an interruption would.

    Returns:
        Steps done in all.
    """
    reading = objective.reading if isinstance(objective, PackedObjective) else None
    reading = objective.reading if isinstance(objective, PackedObjective) else None
    with ahead_of(mixture, reading=reading, depth=config.ahead) as batches:
        run = _Run(objective, batches, config)
        step = run.state.resume(folder)
        end = min(config.num_steps, stop_at or config.num_steps)
        if on_resume is not None and on_resume(step):
            return step
        while step < end:
            report = run.step(step)
            step += 1
            if on_step is not None and World.current().is_first:
                on_step(report)
            is_over = False
            if on_evaluate is not None and (step == config.num_steps or step % (config.evaluate_every or end + 1) == 0):
                is_over = run.evaluate(partial(on_evaluate, step))
            end = step if is_over else end
            if step % config.checkpoint_every == 0 or step == end:
                run.state.save(folder, step)
    return step


class _Run:
    """The parts of a run, made in the order in which they need each other."""

    def __init__(self, objective: Objective, batches: Batches, config: LoopConfig) -> None:
        self._config, self._batches, self._module = config, batches, objective.module
        torch.manual_seed(config.seed + World.current().rank)
        _prepare(self._module, config)
        self._strategy = choose_strategy(config.parallel, self._module, gather_bf16=config.gather_bf16)
        self._optimizer = make_optimizer(self._module, config)
        self._average = WeightAverage(self._module, config.ema_decay) if config.ema_decay else None
        self._gradients = Gradients(objective, self._strategy, config)
        self.state = RunState(
            module=self._module,
            optimizer=self._optimizer,
            batches=batches,
            average=self._average,
            in_shards=config.parallel != "none",
        )
        self._module.train()

    def step(self, step: int) -> StepReport:
        """One batch, one change of the weights."""
        started = time.perf_counter()
        config = self._config
        factor = warmup_cosine(step, num_steps=config.num_steps, warmup_steps=config.warmup_steps, floor=config.floor)
        rows = self._batches.next_batch()
        loss = self._gradients.add(rows)
        norm = take_step(self._optimizer, factor=factor, max_grad_norm=config.max_grad_norm)
        if self._average is not None:
            self._average.update()
        return StepReport(
            step=step,
            loss=loss,
            grad_norm=norm,
            learning_rate=config.learning_rate * factor,
            seconds=time.perf_counter() - started,
            source=rows[0].source,
            num_tokens=self._gradients.num_tokens,
            texts=self._gradients.texts,
        )

    def evaluate(self, look: Callable[[nn.Module], bool | None]) -> bool:
        """Let `look` see the module as it would serve; training goes on as if it had not, unless told to end."""
        device = next(self._module.parameters()).device
        averaged = self._average.in_place() if self._average is not None else nullcontext()
        self._module.eval()
        with RandomState.taken(device).again(device), averaged, torch.no_grad():
            is_over = look(self._module)
            self._strategy.settle()
        self._module.train()
        return bool(is_over)


def _prepare(module: nn.Module, config: LoopConfig) -> None:
    if config.recompute:
        recompute_layers(module)
    if config.compile:
        if not isinstance(module, Decoder):
            raise ConfigError("LoopConfig", "compile", True, f"{type(module).__name__} cannot be compiled")
        module.compile_blocks()
