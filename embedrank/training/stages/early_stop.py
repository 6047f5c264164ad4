"""When to stop, and which step was the best, from the development figures so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the development set.

    Attributes:
        step: Steps done.
        value: The figure that decides; larger is better.
    """

    step: int
    value: float


def best_looks(looks: Sequence[Look], count: int) -> list[Look]:
    """The best looks, best first; of equal ones the earlier is better.

    Args:
        looks: In the order of their steps.
        count: Most to return.

    Returns:
        At most `count` looks.
    """
    return sorted(looks, key=lambda look: (-look.value, look.step))[:count]


def should_stop(looks: Sequence[Look], *, patience: int | None, min_gain: float) -> bool:
    """Whether the last `patience` looks brought nothing.

    Args:
        looks: In the order of their steps.
        patience: Looks without a gain after which to stop; None never stops.
        min_gain: What counts as a gain over the best look before.

    Returns:
        True to stop.
    """
    if patience is None or not looks:
        return False
    best, since = looks[0].value, 0
    for look in looks[1:]:
        if look.value >= best + min_gain and look.value > best:
            best, since = look.value, 0
        else:
            since += 1
    return since >= patience
