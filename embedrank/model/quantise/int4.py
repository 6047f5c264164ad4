"""4-bit weights on CPU, for memory: brought back to 8 bits for every call, then multiplied like 8-bit ones.

A weight is scaled to -120..120 by output. Every group of inputs gets a whole step of -15..15, so that `number * step`
is a signed byte again: a step costs one byte, bringing a weight back is four passes over bytes, and sums stay exact.
PyTorch's own weight-only products took up to twelve times as long for a few hundred rows, and activations in 8 bits
cost nothing that could be measured beside 4-bit weights (LOG.md).

Inputs come first in memory, because steps differ by output. Byte i of an output holds input i below and input I/2 + i
above. Shape suffixes: T packed tokens, I inputs, O outputs, G groups, S inputs of a group.

Source: progressive quantisation as in QServe, arXiv 2405.04532; the step's sign as in llama.cpp's Q4_0.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from embedrank.model.quantise.byte_projection import ByteProjection, byte_scheme, scaled_blocks
from embedrank.model.quantise.token_rows import ZERO_POINT, TokenQuantiser

GROUP = 16
LOWEST, HIGHEST = -8, 7  # of four bits
MOST_STEP = 15  # with the next one, LOWEST * step would not fit into a byte


class Int4Projection(ByteProjection):
    """A projection whose weight is unpacked for every call."""

    def __init__(self, weight_OI: Tensor, quantiser: TokenQuantiser) -> None:
        """Quantise a weight.

        Args:
            weight_OI: Finite numbers of any float type; inputs are filled up to an even number of groups.
            quantiser: Shared by all projections of a decoder.

        Raises:
            InvalidInputError: If a number of the weight is not finite.
        """
        super().__init__(quantiser)
        outputs, self._inputs = weight_OI.shape
        num_groups = 2 * -(-self._inputs // (2 * GROUP))
        self._nibbles = torch.empty(num_groups * GROUP // 2, outputs, dtype=torch.uint8)
        self._steps_G1O = torch.empty(num_groups, 1, outputs, dtype=torch.int8)
        self._scale_O = torch.empty(outputs)
        for part, scaled, factor in scaled_blocks(weight_OI, largest=-LOWEST * MOST_STEP):
            filled = functional.pad(scaled, (0, num_groups * GROUP - self._inputs))
            numbers_OGS, steps_OG1 = nearest(filled.unflatten(1, (num_groups, GROUP)))
            lower, upper = numbers_OGS.flatten(1).sub_(LOWEST).to(torch.uint8).chunk(2, dim=1)
            self._nibbles[:, part] = (lower | upper << 4).T
            self._steps_G1O[:, 0, part] = steps_OG1.squeeze(2).T
            self._scale_O[part] = factor.flatten()

    def unpacked(self) -> Tensor:
        """The weight in signed bytes, inputs first, `[I, O]`; times the factor of its output it is the weight."""
        half, outputs = self._nibbles.shape
        numbers_IO = torch.empty(2 * half, outputs, dtype=torch.int8)
        lower, upper = numbers_IO.view(torch.uint8).chunk(2)
        torch.bitwise_and(self._nibbles, 15, out=lower)
        torch.bitwise_right_shift(self._nibbles, 4, out=upper)
        numbers_IO.add_(LOWEST).view(-1, GROUP, outputs).mul_(self._steps_G1O)
        return numbers_IO[: self._inputs]

    def multiply(self, rows_TI: Tensor, dtype: torch.dtype) -> Tensor:
        """As `ByteProjection.multiply`."""
        signed_TI = (rows_TI ^ ZERO_POINT).view(torch.int8)
        sums_TO = torch._int_mm(signed_TI, self.unpacked())
        return sums_TO.to(torch.float32).mul_(self._scale_O).to(dtype)


def nearest(scaled_OGS: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers of four bits and whole steps whose products are near in the mean square.

    Args:
        scaled_OGS: Weights of -120..120 in groups.

    Returns:
        Numbers `[O, G, S]` of -8..7 and steps `[O, G, 1]`, both float32. The largest number of a group is on the side
        that has one number more. Of the steps around the one that just reaches it, the better one is taken: the lower
        cuts the largest off and is finer for the rest.
    """
    highest, lowest = scaled_OGS.amax(2, keepdim=True), scaled_OGS.amin(2, keepdim=True).neg_()
    sign_OG1 = torch.where(highest > lowest, -1.0, 1.0)
    reach_OG1 = torch.maximum(highest, lowest).div_(-LOWEST)
    coarse, fine = (step.clamp_(1, MOST_STEP).mul_(sign_OG1) for step in (reach_OG1.ceil(), reach_OG1.floor()))
    by_coarse, by_fine = _numbers(scaled_OGS, coarse), _numbers(scaled_OGS, fine)
    is_fine_OG1 = _error(scaled_OGS, by_fine, fine) < _error(scaled_OGS, by_coarse, coarse)
    return torch.where(is_fine_OG1, by_fine, by_coarse), torch.where(is_fine_OG1, fine, coarse)


def _numbers(scaled_OGS: Tensor, step_OG1: Tensor) -> Tensor:
    return (scaled_OGS * step_OG1.reciprocal()).round_().clamp_(LOWEST, HIGHEST)


def _error(scaled_OGS: Tensor, numbers_OGS: Tensor, step_OG1: Tensor) -> Tensor:
    missed = torch.addcmul(scaled_OGS, numbers_OGS, step_OG1, value=-1)
    error_OG1: Tensor = torch.linalg.vector_norm(missed, dim=2, keepdim=True)
    return error_OG1


INT4 = byte_scheme("int4", Int4Projection)
