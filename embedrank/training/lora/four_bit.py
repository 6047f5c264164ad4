"""Frozen weights in 4 bits by bitsandbytes, and peft's adapters beside them. Imports both.

Source: QLoRA, arXiv 2305.14314.
"""

from __future__ import annotations

from typing import Any

from bitsandbytes.functional import dequantize_4bit
from bitsandbytes.nn.modules import Linear4bit, Params4bit
from peft.tuners.lora.bnb import Linear4bit as PeftLinear4bit
from torch import Tensor

from embedrank.model.projection import Projection


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
