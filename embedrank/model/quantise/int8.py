"""8-bit weights on CPU, scaled by output, multiplied by oneDNN with 8-bit activations.

Measured against five other ways in LOG.md. The operators are those that PyTorch's own compiler emits, not public API.

Shape suffixes: T packed tokens, I inputs, O outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from embedrank.model.quantise.byte_projection import ByteProjection, byte_scheme, scaled_blocks
from embedrank.model.quantise.token_rows import LARGEST, ZERO_POINT, TokenQuantiser


class Int8Projection(ByteProjection):
    """A projection whose weight only oneDNN can read."""

    def __init__(self, weight_OI: Tensor, quantiser: TokenQuantiser) -> None:
        """Quantise a weight.

        Args:
            weight_OI: Finite numbers of any float type.
            quantiser: Shared by all projections of a decoder.

        Raises:
            InvalidInputError: If a number of the weight is not finite.
        """
        super().__init__(quantiser)
        numbers_OI = torch.empty(weight_OI.shape, dtype=torch.int8)
        self._scale_O = torch.empty(len(weight_OI))
        for part, scaled, factor in scaled_blocks(weight_OI, largest=LARGEST):
            numbers_OI[part] = scaled.round_()
            self._scale_O[part] = factor.flatten()
        self._zeros_O = torch.zeros(len(weight_OI), dtype=torch.int32)
        self._packed = torch.ops.onednn.qlinear_prepack(numbers_OI, None)

    def multiply(self, rows_TI: Tensor, dtype: torch.dtype) -> Tensor:
        """As `ByteProjection.multiply`."""
        product: Tensor = torch.ops.onednn.qlinear_pointwise(
            rows_TI,
            1.0,
            ZERO_POINT,
            self._packed,
            self._scale_O,
            self._zeros_O,
            None,
            1.0,
            0,
            dtype,
            "none",
            [],
            "",
        )
        return product


INT8 = byte_scheme("int8", Int8Projection)
