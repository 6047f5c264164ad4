"""How checkpoints are merged."""

from __future__ import annotations

import math
from dataclasses import dataclass

from embedrank.core.errors import ConfigError
from embedrank.training.merge.methods import ANY_WEIGHTS, METHODS, NEED_BASE
from embedrank.training.merge.methods.weighting import Weighting


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeConfig:
    """Settings of a merge.

    The paper merges by slerp and tells neither how many checkpoints nor with which weights.

    Attributes:
        method: A key of `METHODS`.
        t: Place on the way from the first parent (0) to the second (1), for `slerp` of two; None is half-way, and folds
            more than two in one after another, each with its equal share.
        weights: One weight a parent, for `linear`, `karcher`, `task-arithmetic` and `ties`; empty means equal ones.
            Only `task-arithmetic` takes negative ones: they take away what a parent learned.
        base: Name or folder of the model that the parents were trained from; then what is merged are their differences
            from it (task vectors). `task-arithmetic` and `ties` need it.
        scale: Factor of the merged task vector before it is added to the base.
        density: Share of each task vector's numbers that `ties` keeps, those of largest size; above 0, at most 1.
    """

    method: str = "slerp"
    t: float | None = None
    weights: tuple[float, ...] = ()
    base: str | None = None
    scale: float = 1.0
    density: float = 0.2

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigError("MergeConfig", "method", self.method, f"must be one of {', '.join(METHODS)}")
        self._require_numbers()
        if self.t is not None and (self.method != "slerp" or not 0 <= self.t <= 1):
            raise ConfigError("MergeConfig", "t", self.t, "is for slerp, and must be within 0..1")
        if self.weights and self.method == "slerp":
            raise ConfigError("MergeConfig", "weights", self.weights, "are not for slerp")
        if self.weights and self.method != ANY_WEIGHTS and (min(self.weights) < 0 or sum(self.weights) == 0):
            raise ConfigError("MergeConfig", "weights", self.weights, f"none negative, not all 0, but by {ANY_WEIGHTS}")
        if self.base is None and (self.method in NEED_BASE or self.scale != 1.0):
            raise ConfigError("MergeConfig", "base", None, f"is needed by {', '.join(NEED_BASE)} and by scale")
        if not 0 < self.density <= 1:
            raise ConfigError("MergeConfig", "density", self.density, "must be above 0, at most 1")

    def _require_numbers(self) -> None:
        if not isinstance(self.weights, tuple):
            raise ConfigError("MergeConfig", "weights", self.weights, "must be a list of numbers")
        numbers = {"scale": (self.scale,), "density": (self.density,), "weights": self.weights}
        numbers |= {} if self.t is None else {"t": (self.t,)}
        for field, values in numbers.items():
            if not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
                raise ConfigError("MergeConfig", field, getattr(self, field), "must be finite numbers")
        if not isinstance(self.base, str | None):
            raise ConfigError("MergeConfig", "base", self.base, "must be a name or a folder")

    def check_parents(self, num_parents: int) -> None:
        """Refuse settings that do not fit the number of parents.

        Args:
            num_parents: How many checkpoints are merged.

        Raises:
            ConfigError: If they do not fit.
        """
        if num_parents < 2:
            raise ConfigError("MergeConfig", "parents", num_parents, "must be two at least")
        if self.t is not None and num_parents != 2:
            raise ConfigError("MergeConfig", "t", self.t, f"places a merge between two parents, not {num_parents}")
        if self.weights and len(self.weights) != num_parents:
            raise ConfigError("MergeConfig", "weights", self.weights, f"must be {num_parents}, one a parent")

    @property
    def weighting(self) -> Weighting:
        """What the method is told of it."""
        return Weighting(t=self.t, weights=self.weights)
