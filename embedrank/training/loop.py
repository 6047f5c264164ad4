"""The training loop: AdamW, warm-up and cosine, bf16 autocast, clipping, checkpoints, exact resume."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from embedrank.core.errors import ConfigError
from embedrank.model.precision import multiplies_bf16_fast
from embedrank.training.checkpoint import load_latest, save_checkpoint
from embedrank.training.mixing import Mixture
from embedrank.training.objective import Objective
from embedrank.training.schedule import warmup_cosine


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig:
    """Settings of a run.

    Attributes:
        num_steps: Optimiser steps of the whole run.
        learning_rate: Peak rate of all parameters but the token table.
        table_learning_rate: Peak rate of the token table; None means `learning_rate`.
        warmup_steps: Steps to the peak.
        floor: Share of the peak left at the end.
        weight_decay: Decoupled decay on matrices of the layers.
        max_grad_norm: Gradients are scaled down to this norm.
        bf16: Whether matrix products run in bfloat16 under autocast; None where that is fast. Weights stay float32.
        checkpoint_every: Steps between checkpoints.
        seed: Seed of PyTorch's generator.
    """

    num_steps: int
    learning_rate: float
    table_learning_rate: float | None = None
    warmup_steps: int = 100
    floor: float = 0.0
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    bf16: bool | None = None
    checkpoint_every: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("num_steps", "learning_rate", "max_grad_norm", "checkpoint_every"):
            if getattr(self, name) <= 0:
                raise ConfigError("LoopConfig", name, getattr(self, name), "must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What one step did."""

    step: int
    loss: float
    grad_norm: float
    learning_rate: float
    seconds: float
    source: str


def train(
    objective: Objective,
    mixture: Mixture,
    config: LoopConfig,
    *,
    folder: Path,
    on_step: Callable[[StepReport], None] | None = None,
    stop_at: int | None = None,
) -> int:
    """Run from the newest checkpoint in `folder`, or from the start, to the end.

    Args:
        objective: The task.
        mixture: The batches.
        config: Settings; a resumed run must use the same ones.
        folder: Where checkpoints are kept.
        on_step: Called after every step.
        stop_at: Stop early after this many steps in all, with a checkpoint, as an interruption would.

    Returns:
        Steps done in all.
    """
    torch.manual_seed(config.seed)
    optimizer = _optimizer(objective.module, config)
    step = _resume(folder, objective.module, optimizer, mixture)
    end = min(config.num_steps, stop_at or config.num_steps)
    objective.module.train()
    while step < end:
        report = _step(objective, mixture, optimizer, config, step)
        step += 1
        if on_step is not None:
            on_step(report)
        if step % config.checkpoint_every == 0 or step == end:
            save_checkpoint(folder, step, _state(step, objective.module, optimizer, mixture))
    return step


def _step(
    objective: Objective, mixture: Mixture, optimizer: torch.optim.Optimizer, config: LoopConfig, step: int
) -> StepReport:
    started = time.perf_counter()
    factor = warmup_cosine(step, num_steps=config.num_steps, warmup_steps=config.warmup_steps, floor=config.floor)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor
    rows = mixture.next_batch()
    with autocast(objective.module, config.bf16):
        loss = objective.loss(rows)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(objective.module.parameters(), config.max_grad_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return StepReport(
        step=step,
        loss=float(loss.detach()),
        grad_norm=float(norm),
        learning_rate=config.learning_rate * factor,
        seconds=time.perf_counter() - started,
        source=rows[0].source,
    )


def _optimizer(module: nn.Module, config: LoopConfig) -> torch.optim.Optimizer:
    table: list[nn.Parameter] = []
    matrices: list[nn.Parameter] = []
    vectors: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if "embed_tokens" in name:
            table.append(parameter)
        else:
            (matrices if parameter.dim() > 1 else vectors).append(parameter)
    table_rate = config.table_learning_rate or config.learning_rate
    groups: list[dict[str, Any]] = [
        {"params": matrices, "peak": config.learning_rate, "weight_decay": config.weight_decay},
        {"params": vectors, "peak": config.learning_rate, "weight_decay": 0.0},
        {"params": table, "peak": table_rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], betas=(0.9, 0.98), fused=True)


def _state(step: int, module: nn.Module, optimizer: torch.optim.Optimizer, mixture: Mixture) -> dict[str, Any]:
    return {
        "step": step,
        "module": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "mixture": mixture.state(),
        "generator": torch.get_rng_state(),
    }


def _resume(folder: Path, module: nn.Module, optimizer: torch.optim.Optimizer, mixture: Mixture) -> int:
    state = load_latest(folder)
    if state is None:
        return 0
    module.load_state_dict(state["module"])
    optimizer.load_state_dict(state["optimizer"])
    mixture.restore(state["mixture"])
    torch.set_rng_state(state["generator"])
    return int(state["step"])


def autocast(module: nn.Module, bf16: bool | None = None) -> torch.autocast:
    """The precision that a module trains in.

    Args:
        module: Tells the device.
        bf16: Whether matrix products run in bfloat16; None where that is fast.

    Returns:
        A context to compute in.
    """
    device = next(module.parameters()).device
    enabled = multiplies_bf16_fast(device) if bf16 is None else bf16
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)
