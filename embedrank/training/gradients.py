"""From rows to gradients: one graph for the whole batch, or pass by pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from embedrank.core.errors import ConfigError
from embedrank.model.precision import multiplies_bf16_fast
from embedrank.training.gradcache import backward_in_passes
from embedrank.training.loop_config import LoopConfig
from embedrank.training.objective import Objective, PackedObjective
from embedrank.training.packed_batch import PackedBatch
from embedrank.training.parallel.strategy import Strategy
from embedrank.training.parallel.world import World
from embedrank.training.rows import TrainingRow
from embedrank.training.text_counts import TextCounts, summed


class Gradients:
    """Adds the gradient of each batch to the parameters, the same on all processes."""

    def __init__(self, objective: Objective, strategy: Strategy, config: LoopConfig) -> None:
        """Put it together.

        Args:
            objective: The task.
            strategy: How processes exchange gradients.
            config: Switches of the run.

        Raises:
            ConfigError: If the task cannot be cut into passes and should be.
        """
        if config.in_passes and not isinstance(objective, PackedObjective):
            raise ConfigError("LoopConfig", "in_passes", True, f"{type(objective).__name__} cannot be cut into passes")
        self._objective, self._strategy, self._config = objective, strategy, config
        self._device = next(objective.module.parameters()).device
        # Of the latest batch, by all processes; nothing where the task does not tell.
        self.num_tokens = 0
        self.texts: Mapping[str, TextCounts] = {}

    def add(self, rows: Sequence[TrainingRow]) -> float:
        """Gradient of one batch.

        Args:
            rows: This process's rows.

        Returns:
            The loss of the whole batch, over all processes.
        """
        batch = self._objective.prepare(rows) if isinstance(self._objective, PackedObjective) else None
        loss = float(self._backward(rows, batch))
        own = (loss, 0, {}) if batch is None else (loss, batch.num_tokens, batch.texts)
        everyone = World.current().of_all(own)
        self.num_tokens = sum(num_tokens for _, num_tokens, _ in everyone)
        self.texts = summed(texts for _, _, texts in everyone)
        return sum(loss for loss, _, _ in everyone) / len(everyone)

    def _backward(self, rows: Sequence[TrainingRow], batch: PackedBatch | None) -> Tensor:
        objective = self._objective
        num_idle = self._num_idle(batch)
        if batch is not None and self._config.in_passes:
            return backward_in_passes(
                batch, self._strategy, device=self._device, precision=self._precision, num_idle=num_idle
            )

        def compute() -> Tensor:
            with self._precision():
                return objective.loss(rows) if batch is None else batch.loss(num_idle=num_idle)

        loss = self._strategy.synchronised(compute)
        loss.backward()
        return loss.detach()

    def _num_idle(self, batch: PackedBatch | None) -> int:
        """Passes that other processes run and this one does not, where all must run equally many."""
        if batch is None or not self._strategy.equal_passes:
            return 0
        own = len(batch.packs)
        return int(World.current().highest(own, device=self._device)) - own

    def _precision(self) -> torch.autocast:
        # A kept bfloat16 copy of every weight would undo sharding.
        return autocast(self._objective.module, self._config.bf16, keep_weights=self._config.parallel != "fsdp")


def autocast(module: nn.Module, bf16: bool | None = None, *, keep_weights: bool = True) -> torch.autocast:
    """The precision that a module trains in.

    Args:
        module: Tells the device.
        bf16: Whether matrix products run in bfloat16; None where that is fast.
        keep_weights: Whether weights in bfloat16 are kept until the context ends.

    Returns:
        A context to compute in.
    """
    device = next(module.parameters()).device
    enabled = multiplies_bf16_fast(device) if bf16 is None else bf16
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled, cache_enabled=keep_weights)
