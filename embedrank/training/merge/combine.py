"""One tensor of all parents becomes one tensor.

Shape suffixes: N parents, E numbers of a part of a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from embedrank.core.errors import NumericalError, OppositeVectorsError
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.finite import all_finite
from embedrank.training.merge.methods import FACTORS, TIES
from embedrank.training.merge.methods.ties import threshold, ties
from embedrank.training.merge.parents import Parents


def combine(parents: Parents, name: str, config: MergeConfig) -> Tensor:
    """Merge a tensor.

    Args:
        parents: The checkpoints.
        name: The tensor.
        config: How.

    Returns:
        A tensor of the first parent's shape and number type; the numbers of a parent to the bit where the merge is
        nothing but that parent.

    Raises:
        OppositeVectorsError: If the method needs an arc and there is none.
        CheckpointError: If a parent holds numbers that are not finite.
        NumericalError: If the result is too large for its number type.
    """
    like = parents.first.tensor(name)
    if config.method == TIES:
        merge_part = _by_ties(parents, name, config)
    else:
        factors_N = _factors(parents, name, config)
        if (only := _only_parent(factors_N, parents, config)) is not None:
            return parents.parents[only].tensor(name).to(like.dtype).clone()
        merge_part = factors_N.matmul
    merged = torch.empty(like.numel(), dtype=like.dtype)
    place = 0
    for part_NE, base_E in parents.parts(name):
        part_E = merge_part(part_NE)
        part_E = part_E if base_E is None else base_E + config.scale * part_E
        stored_E = part_E.to(like.dtype)
        if not all_finite(stored_E):
            raise NumericalError(f"merged by {config.method}", f"numbers of {name} in {like.dtype}")
        merged[place : place + stored_E.numel()] = stored_E
        place += stored_E.numel()
    return merged.view(like.shape)


def _factors(parents: Parents, name: str, config: MergeConfig) -> Tensor:
    num_parents = len(parents.parents)
    products_NN = torch.zeros(num_parents, num_parents, dtype=torch.float64)
    for part_NE, _ in parents.parts(name):
        products_NN += part_NE @ part_NE.T
    try:
        return FACTORS[config.method](products_NN, config.weighting)
    except OppositeVectorsError as error:
        raise OppositeVectorsError(error.cosine, tensor=name) from None


def _only_parent(factors_N: Tensor, parents: Parents, config: MergeConfig) -> int | None:
    """The parent that the merge is equal to, if it is; rounding would change its bits."""
    chosen = factors_N.nonzero().flatten().tolist()
    if len(chosen) != 1 or float(factors_N[chosen[0]]) != 1.0 or (parents.base is not None and config.scale != 1.0):
        return None
    return int(chosen[0])


def _by_ties(parents: Parents, name: str, config: MergeConfig) -> Callable[[Tensor], Tensor]:
    size, num_parents = parents.first.tensor(name).numel(), len(parents.parents)
    columns = [partial(parents.column, index, name) for index in range(num_parents)]
    thresholds_N = torch.tensor([threshold(column, size, config.density) for column in columns])
    shares_N = torch.tensor(config.weighting.shares(num_parents), dtype=torch.float64)
    return lambda part_NE: ties(part_NE, thresholds_N, shares_N)
