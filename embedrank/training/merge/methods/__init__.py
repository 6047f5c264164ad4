"""Ways to merge, one a file, by name.

All but `ties` give a sum of the parents with one factor each. The factors follow from the parents' inner products, so a
tensor is read twice and never held whole. Without a base the vectors are the weights, with one the differences from it.

Shape suffixes: N parents, E numbers of a part of a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor

from embedrank.training.merge.methods.karcher import karcher
from embedrank.training.merge.methods.linear import linear
from embedrank.training.merge.methods.slerp import slerp
from embedrank.training.merge.methods.task_arithmetic import task_arithmetic
from embedrank.training.merge.methods.weighting import Weighting

Factors: TypeAlias = Callable[[Tensor, Weighting], Tensor]
"""From inner products `[N, N]` in float64 to factors `[N]` in float64."""

TIES = "ties"
FACTORS: dict[str, Factors] = {
    "slerp": slerp,
    "karcher": karcher,
    "linear": linear,
    "task-arithmetic": task_arithmetic,
}
METHODS = (*FACTORS, TIES)
NEED_BASE = ("task-arithmetic", TIES)
ANY_WEIGHTS = "task-arithmetic"
