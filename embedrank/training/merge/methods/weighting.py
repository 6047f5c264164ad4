"""How much each parent counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighting:
    """What a method is told beside the vectors.

    Attributes:
        t: Place between two parents, 0 to 1; None where it is not told.
        weights: One weight a parent, none negative; empty where all count alike.
    """

    t: float | None = None
    weights: tuple[float, ...] = ()

    def shares(self, num_parents: int) -> list[float]:
        """The weights, summing to 1; equal where none are given."""
        weights = self.weights or (1.0,) * num_parents
        return [weight / sum(weights) for weight in weights]
