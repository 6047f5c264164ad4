"""Learning rate over a run: linear warm-up, then half a cosine down to a floor."""

from __future__ import annotations

import math


def warmup_cosine(step: int, *, num_steps: int, warmup_steps: int, floor: float = 0.0) -> float:
    """Factor on the peak learning rate.

    Args:
        step: Current step, from 0.
        num_steps: Steps of the whole run.
        warmup_steps: Steps to reach the peak.
        floor: Factor at the end, 0 to 1.

    Returns:
        A factor in 0..1.
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / max(1, num_steps - warmup_steps))
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))
