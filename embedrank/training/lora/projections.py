"""peft's adapter layers as projections of our decoder, which calls `silu`, `times` and `plus` of them too.

Without these classes the decoder's fused calls would go past the adapters, to the frozen weight inside them: the model
would train, and answer like its base. Imports peft.
"""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor, nn

from embedrank.model.projection import PlainProjection, Projection


class AdaptedProjection(PeftLinear, Projection):
    """A plain projection with an adapter beside it."""


def is_adapted(module: nn.Module) -> bool:
    """Whether a module is a projection with an adapter."""
    return isinstance(module, Projection) and hasattr(module, "lora_A")


def weight_of(projection: nn.Module) -> Tensor:
    """The frozen weight of a projection, `[O, I]`, brought back from 4 bits where it is kept so."""
    base: Any = projection.get_base_layer() if is_adapted(projection) else projection  # type: ignore[operator]
    weight_OI: Tensor = base.dequantised() if hasattr(base, "dequantised") else base.weight.detach()
    return weight_OI


def merged(projection: nn.Module, adapter: str) -> PlainProjection:
    """One plain projection that answers as a weight and its adapter do together.

    Args:
        projection: The pair.
        adapter: Name of the adapter.

    Returns:
        A projection in the number type of the weight.
    """
    weight_OI = weight_of(projection)
    delta_OI: Tensor = projection.get_delta_weight(adapter)  # type: ignore[operator]
    return plain((weight_OI.float() + delta_OI.float()).to(weight_OI.dtype))


def plain(weight_OI: Tensor) -> PlainProjection:
    """A frozen plain projection around a weight."""
    outputs, inputs = weight_OI.shape
    with torch.device("meta"):
        projection = PlainProjection(inputs, outputs)
    projection.weight = nn.Parameter(weight_OI, requires_grad=False)
    return projection
