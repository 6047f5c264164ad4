"""Whether numbers are finite, by the least and the largest of them: one pass, several times quicker than a mask."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def all_finite(numbers: Tensor) -> bool:
    """Whether there is neither infinity nor NaN.

    Args:
        numbers: At least one, of any floating type.

    Returns:
        True if all are finite.
    """
    least, largest = torch.aminmax(numbers)  # NaN if any of them is
    return math.isfinite(least) and math.isfinite(largest)
