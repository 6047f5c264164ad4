"""peft's adapter layers as projections of our decoder, which calls `silu`, `times` and `plus` of them too.

Without these classes the decoder's fused calls would go past the adapters, to the frozen weight inside them: the model
would train, and answer like its base. Imports peft and, for 4 bits, bitsandbytes.
"""

from __future__ import annotations

from typing import Any

import torch
from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn.modules import Linear4bit, Params4bit
from peft.tuners.lora import Linear as PeftLinear
from peft.tuners.lora.bnb import Linear4bit as PeftLinear4bit
from torch import Tensor

from embedrank.model.projection import PlainProjection, Projection


class AdaptedProjection(PeftLinear, Projection):
    """A plain projection with an adapter beside it."""


class FourBitProjection(Projection, Linear4bit):
    """A frozen weight in 4 bits."""

    weight: Any  # a Params4bit, which carries its scales

    def __init__(self, weight_OI: Tensor, *, quant_type: str) -> None:
        outputs, inputs = weight_OI.shape
        Linear4bit.__init__(self, inputs, outputs, bias=False, quant_type=quant_type, device="meta")
        weight: Any = Params4bit(weight_OI.cpu(), requires_grad=False, quant_type=quant_type, module=self)
        self.weight = weight.to(weight_OI.device)

    def dequantised(self) -> Tensor:
        """The weight that it multiplies with, `[O, I]`."""
        weight_OI: Tensor = dequantize_4bit(self.weight.data, self.weight.quant_state)
        return weight_OI


class AdaptedFourBitProjection(PeftLinear4bit, Projection):
    """A projection in 4 bits with an adapter beside it."""


CLASSES = {FourBitProjection: AdaptedFourBitProjection, PlainProjection: AdaptedProjection}
Adapted = (AdaptedProjection, AdaptedFourBitProjection)


def merged(projection: AdaptedProjection | AdaptedFourBitProjection, adapter: str) -> PlainProjection:
    """One plain projection that answers as the weight and its adapter do together.

    Args:
        projection: The pair.
        adapter: Name of the adapter.

    Returns:
        A projection in the number type of the weight.
    """
    base: Any = projection.get_base_layer()
    weight = base.dequantised() if isinstance(base, FourBitProjection) else base.weight.detach()
    delta_OI: Tensor = projection.get_delta_weight(adapter)
    return plain((weight.float() + delta_OI.float()).to(weight.dtype))


def plain(weight_OI: Tensor) -> PlainProjection:
    """A frozen plain projection around a weight."""
    outputs, inputs = weight_OI.shape
    with torch.device("meta"):
        projection = PlainProjection(inputs, outputs)
    projection.weight = torch.nn.Parameter(weight_OI, requires_grad=False)
    return projection
