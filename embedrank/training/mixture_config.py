"""Settings of a mixture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from embedrank.core.errors import ConfigError
from embedrank.training.rows import TrainingRow
from embedrank.training.tasks import TASKS


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureConfig:
    """How sources are mixed.

    Attributes:
        batch_size: Rows per batch, over all processes; a smaller source gives smaller batches.
        batch_sizes: The same for some sources; for some tasks where sources of a task are mixed.
        exponent: Sources are drawn with weight `size ** exponent`; 1 is proportional, 0 uniform.
        weights: Extra factor per source, 1 where not named.
        shares: Weight of every source, instead of exponent and factors; a source of weight 0 is never drawn.
        by_task: Whether a batch mixes the sources of one task; else it comes from one source.
        distinct: Whether no two rows of a batch share a text, be it query or positive; rows that do wait for a later
            batch.
        drop_last: Whether rows at the end of an epoch that do not fill a batch are left out; else they begin the batch
            that the next epoch fills.
        shuffle_texts: Whether the positives and the negatives of a row stand in another order each epoch; losses take
            the first ones.
        instructions: Instructions of some sources, one or several of which one is drawn for each row; they replace what
            the rows say.
        task_instructions: The same for tasks, for rows that have no instruction.
        seed: Seed of all of it.
    """

    batch_size: int
    batch_sizes: Mapping[str, int] | None = None
    exponent: float = 0.7
    weights: Mapping[str, float] | None = None
    shares: Mapping[str, float] | None = None
    by_task: bool = False
    distinct: bool = False
    drop_last: bool = True
    shuffle_texts: bool = False
    instructions: Mapping[str, Sequence[str]] | None = None
    task_instructions: Mapping[str, Sequence[str]] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.exponent <= 1:
            raise ConfigError("MixtureConfig", "exponent", self.exponent, "must be within 0..1")
        if self.seed < 0:
            raise ConfigError("MixtureConfig", "seed", self.seed, "must not be negative")
        if self.shares is not None and self.weights is not None:
            raise ConfigError("MixtureConfig", "shares", dict(self.shares), "cannot stand beside weights")
        sizes = {f"batch_sizes.{name}": size for name, size in (self.batch_sizes or {}).items()}
        for name, size in {"batch_size": self.batch_size, **sizes}.items():
            if size < 1:
                raise ConfigError("MixtureConfig", name, size, "must be at least 1")
        self._check_weights()
        self._check_phrases()

    def check_names(self, sources: Sequence[str], groups: Sequence[str]) -> None:
        """Refuse names that are not there.

        Args:
            sources: Names of all sources.
            groups: Names that batches go by: sources, or tasks where these are mixed.

        Raises:
            ConfigError: If a name is unknown, or a source has no share where shares are given.
        """
        known = {
            "weights": sources,
            "shares": sources,
            "instructions": sources,
            "batch_sizes": groups,
            "task_instructions": TASKS,
        }
        for field, names in known.items():
            if unknown := sorted(set(getattr(self, field) or {}) - set(names)):
                raise ConfigError("MixtureConfig", field, unknown, f"known are {', '.join(names)}")
        if self.shares is not None and (missing := sorted(set(sources) - set(self.shares))):
            raise ConfigError("MixtureConfig", "shares", missing, "these sources have no share")

    def shares_of(self, sizes: Mapping[str, int]) -> dict[str, float]:
        """How often each source is drawn.

        Args:
            sizes: Rows of each source.

        Returns:
            Shares that add up to 1.

        Raises:
            ConfigError: If all of them are 0.
        """
        if self.shares is not None:
            weights = np.array([float(self.shares[name]) for name in sizes])
        else:
            factors = self.weights or {}
            weights = np.array([size**self.exponent * factors.get(name, 1.0) for name, size in sizes.items()])
        if not weights.sum():
            raise ConfigError("MixtureConfig", "shares", weights.tolist(), "must not all be 0")
        return dict(zip(sizes, (weights / weights.sum()).tolist(), strict=True))

    def batch_size_of(self, group: str) -> int:
        """Rows per batch of a source, or of a task where sources of a task are mixed."""
        return (self.batch_sizes or {}).get(group, self.batch_size)

    def phrases_of(self, source: str, row: TrainingRow) -> Sequence[str]:
        """Instructions of which a row gets one; empty where it keeps its own."""
        own = (self.instructions or {}).get(source)
        if own is not None:
            return own
        return () if row.instruction else (self.task_instructions or {}).get(row.task, ())

    def _check_weights(self) -> None:
        for field in ("weights", "shares"):
            weights = getattr(self, field) or {}
            if any(not 0 <= weight < math.inf for weight in weights.values()):
                raise ConfigError("MixtureConfig", field, dict(weights), "must be finite and not negative")

    def _check_phrases(self) -> None:
        for field in ("instructions", "task_instructions"):
            for name, phrases in (getattr(self, field) or {}).items():
                if isinstance(phrases, str) or not phrases or not all(phrases):
                    raise ConfigError("MixtureConfig", f"{field}.{name}", phrases, "must be a list of sentences")
