"""Batches from several sources: each batch from one source, sources drawn in proportion to size to a power.

The order is a pure function of the seed and of the counters in `state()`, so a resumed run sees the same batches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from embedrank.core.errors import ConfigError, DatasetError
from embedrank.training.rows import TrainingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureConfig:
    """How sources are mixed.

    Attributes:
        batch_size: Rows per batch; a smaller source gives smaller batches.
        exponent: Sources are drawn with weight `size ** exponent`; 1 is proportional, 0 uniform.
        weights: Extra factor per source, 1 where not named.
        seed: Seed of the order.
    """

    batch_size: int
    exponent: float = 0.7
    weights: Mapping[str, float] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ConfigError("MixtureConfig", "batch_size", self.batch_size, "must be at least 1")
        if not 0 <= self.exponent <= 1:
            raise ConfigError("MixtureConfig", "exponent", self.exponent, "must be within 0..1")


class Mixture:
    """An endless, resumable stream of batches that are homogeneous in source."""

    def __init__(self, sources: Mapping[str, Sequence[TrainingRow]], config: MixtureConfig) -> None:
        self._rows = {name: rows for name, rows in sorted(sources.items()) if rows}
        if not self._rows:
            raise DatasetError("training rows", "no source holds a row")
        weights = config.weights or {}
        if unknown := set(weights) - set(self._rows):
            raise ConfigError("MixtureConfig", "weights", sorted(unknown), f"sources are {', '.join(self._rows)}")
        self._config = config
        sizes = np.array([len(rows) ** config.exponent * weights.get(name, 1.0) for name, rows in self._rows.items()])
        self.shares = dict(zip(self._rows, (sizes / sizes.sum()).tolist(), strict=True))
        self._drawn = dict.fromkeys(self._rows, 0)
        self._step = 0

    def next_batch(self) -> list[TrainingRow]:
        """The next batch; advances the counters."""
        names = list(self._rows)
        draw = np.random.default_rng([self._config.seed, self._step])
        name = names[int(draw.choice(len(names), p=list(self.shares.values())))]
        self._step += 1
        return self._take(name)

    def state(self) -> dict[str, Any]:
        """Counters to save with a checkpoint."""
        return {"step": self._step, "drawn": dict(self._drawn)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from saved counters.

        Args:
            state: From `state()`.

        Raises:
            ConfigError: If the counters belong to other sources.
        """
        if set(state["drawn"]) != set(self._rows):
            raise ConfigError("Mixture", "sources", sorted(self._rows), f"checkpoint has {sorted(state['drawn'])}")
        self._step, self._drawn = int(state["step"]), dict(state["drawn"])

    def _take(self, name: str) -> list[TrainingRow]:
        rows = self._rows[name]
        size = min(self._config.batch_size, len(rows))
        batches_per_epoch = len(rows) // size
        epoch, place = divmod(self._drawn[name], batches_per_epoch)
        self._drawn[name] += 1
        order = np.random.default_rng([self._config.seed, epoch, len(rows)]).permutation(len(rows))
        return [rows[index] for index in order[place * size : (place + 1) * size]]
