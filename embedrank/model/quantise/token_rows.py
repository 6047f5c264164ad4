"""Activations in 8 bits, token by token.

A token's numbers are scaled to -127..127 by its own largest, so that no neighbour changes its result. The bytes stand
around 128, because that is what the processor's instructions multiply.

Shape suffixes: T packed tokens, I inputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

LARGEST = 127
ZERO_POINT = 128
_TINY = 1e-12  # keeps rows of zeros from dividing by zero


class TokenQuantiser:
    """Activations in 8 bits, for a whole decoder.

    It remembers the last ones, because projections that read the same ones follow each other, and only those: kept for
    every projection, they would take as much memory as the layers' activations together.
    """

    def __init__(self) -> None:
        self._last: tuple[Tensor, Tensor, Tensor] | None = None

    def __call__(self, states_TI: Tensor) -> tuple[Tensor, Tensor]:
        """Unsigned bytes `[T, I]` around 128, and the factor `[T, 1]` that gives the numbers back."""
        last = self._last
        if last is not None and last[0] is states_TI:
            return last[1], last[2]
        rows, scale = to_token_rows(states_TI)
        self._last = (states_TI, rows, scale)
        return rows, scale


def to_token_rows(states_TI: Tensor) -> tuple[Tensor, Tensor]:
    """Scale every token's numbers to -127..127 and shift them to 1..255.

    Args:
        states_TI: Activations.

    Returns:
        Bytes `[T, I]`, and the factor `[T, 1]` in the type of the activations; the factor of numbers that are not
        finite is not finite either, so that they show in the result.
    """
    scale_T1 = states_TI.abs().amax(dim=1, keepdim=True).float().clamp_(min=_TINY) / LARGEST
    shifted = torch.addcmul(states_TI.new_tensor(ZERO_POINT + 0.5, dtype=torch.float32), states_TI, 1 / scale_T1)
    return shifted.to(torch.uint8), scale_T1.to(states_TI.dtype)
