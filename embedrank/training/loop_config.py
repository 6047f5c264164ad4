"""Settings of the training loop, and what a step reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from embedrank.core.errors import ConfigError
from embedrank.training.parallel.choose import STRATEGIES
from embedrank.training.text_counts import TextCounts


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
        in_passes: Whether a step runs pack by pack in bounded memory, with the whole batch's gradient (GradCache).
        recompute: Whether layers keep only their inputs and are computed again on the way back.
        compile: Whether the decoder's layers are compiled.
        ema_decay: Share of the weights' moving average that a step keeps; None for no average.
        parallel: `none` for one process; `ddp` for whole weights in each, `fsdp` for shards.
        gather_bf16: Whether shards are gathered in bfloat16, for half the traffic.
        evaluate_every: Steps between evaluations; None for none but at the end.
        checkpoint_every: Steps between checkpoints.
        ahead: Batches drawn and tokenised in a background thread before they are asked for; 0 makes each when it is
            needed.
        seed: Seed of PyTorch's generator; each further process draws from its own.
    """

    num_steps: int
    learning_rate: float
    table_learning_rate: float | None = None
    warmup_steps: int = 100
    floor: float = 0.0
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    bf16: bool | None = None
    in_passes: bool = False
    recompute: bool = False
    compile: bool = False
    ema_decay: float | None = None
    parallel: str = "none"
    gather_bf16: bool = False
    evaluate_every: int | None = None
    checkpoint_every: int = 500
    ahead: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("num_steps", "learning_rate", "max_grad_norm", "checkpoint_every", "evaluate_every"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError("LoopConfig", name, value, "must be positive")
        if self.ahead < 0:
            raise ConfigError("LoopConfig", "ahead", self.ahead, "must be 0 or more")
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            raise ConfigError("LoopConfig", "ema_decay", self.ema_decay, "must be between 0 and 1")
        if self.parallel not in STRATEGIES:
            raise ConfigError("LoopConfig", "parallel", self.parallel, f"must be one of {', '.join(STRATEGIES)}")
        if self.gather_bf16 and self.parallel != "fsdp":
            raise ConfigError("LoopConfig", "gather_bf16", True, "only sharded weights are gathered: needs fsdp")
        if self.gather_bf16 and self.bf16 is False:
            raise ConfigError("LoopConfig", "gather_bf16", True, "computes in bfloat16, which bf16: false forbids")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What one step did, over all processes; `texts` are those read and cut, by source."""

    step: int
    loss: float
    grad_norm: float
    learning_rate: float
    seconds: float
    source: str
    num_tokens: int = 0
    texts: Mapping[str, TextCounts] = field(default_factory=dict)
