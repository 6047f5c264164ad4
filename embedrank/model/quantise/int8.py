"""8-bit products on CPU: weights by output, activations by token, whole numbers summed by oneDNN.

A token's numbers are scaled to -127..127 by its own largest, so that no neighbour changes its result; integer sums are
exact in any order, which makes results equal to the bit beside any neighbour. Measured against five other ways in
LOG.md. The operators are those that PyTorch's own compiler emits, not public API.

Shape suffixes: T packed tokens, I inputs, O outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from embedrank.core.errors import InvalidInputError
from embedrank.model.projection import Projection, refuse_saving, replace_projections

LARGEST = 127
_ZERO_POINT = 128  # the kernel takes activations without a sign
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
        rows, scale = to_int8_rows(states_TI)
        self._last = (states_TI, rows, scale)
        return rows, scale


class Int8Projection(Projection):
    """A projection in 8 bits; results in the type of its activations."""

    def __init__(self, weight_OI: Tensor, quantiser: TokenQuantiser) -> None:
        """Quantise a weight.

        Args:
            weight_OI: Finite numbers.
            quantiser: Shared by all projections of a decoder.

        Raises:
            InvalidInputError: If a number of the weight is not finite.
        """
        super().__init__()
        exact = weight_OI.float()
        if not bool(exact.isfinite().all()):
            raise InvalidInputError("weights", "hold numbers that are not finite", hint="the checkpoint is damaged")
        scale_O = exact.abs().amax(dim=1).clamp_(min=_TINY) / LARGEST
        numbers = (exact / scale_O[:, None]).round_().to(torch.int8)
        self._quantiser, self._scale_O = quantiser, scale_O
        self._zeros_O = torch.zeros(len(scale_O), dtype=torch.int32)
        self._packed = torch.ops.onednn.qlinear_prepack(numbers, None)

    def forward(self, states_TI: Tensor) -> Tensor:
        """The product, `[T, O]`."""
        rows, scale_T1 = self._quantiser(states_TI)
        product: Tensor = torch.ops.onednn.qlinear_pointwise(
            rows,
            1.0,
            _ZERO_POINT,
            self._packed,
            self._scale_O,
            self._zeros_O,
            None,
            1.0,
            0,
            states_TI.dtype,
            "none",
            [],
            "",
        )
        return product.mul_(scale_T1)

    def silu(self, states_TI: Tensor) -> Tensor:
        """As `Projection.silu`, in place."""
        return functional.silu(self(states_TI), inplace=True)

    def times(self, states_TI: Tensor, other_TO: Tensor) -> Tensor:
        """As `Projection.times`, in place."""
        product: Tensor = self(states_TI).mul_(other_TO)
        return product

    def plus(self, states_TI: Tensor, residual_TO: Tensor) -> Tensor:
        """As `Projection.plus`, in place."""
        total: Tensor = self(states_TI).add_(residual_TO)
        return total


def to_int8_rows(states_TI: Tensor) -> tuple[Tensor, Tensor]:
    """Scale every token's numbers to -127..127 and shift them to 1..255.

    Args:
        states_TI: Activations.

    Returns:
        Bytes `[T, I]`, and the factor `[T, 1]` in the type of the activations; the factor of numbers that are not
        finite is not finite either, so that they show in the result.
    """
    scale_T1 = states_TI.abs().amax(dim=1, keepdim=True).float().clamp_(min=_TINY) / LARGEST
    shifted = torch.addcmul(states_TI.new_tensor(_ZERO_POINT + 0.5, dtype=torch.float32), states_TI, 1 / scale_T1)
    return shifted.to(torch.uint8), scale_T1.to(states_TI.dtype)


def quantise_int8(decoder: nn.Module) -> None:
    """Put all projections of a decoder into 8 bits, one by one, in place; it then serves only.

    Args:
        decoder: The model, on CPU; its weights may be mapped from a file.

    Raises:
        InvalidInputError: If a weight holds numbers that are not finite.
    """
    quantiser = TokenQuantiser()
    replace_projections(decoder, lambda weight_OI: Int8Projection(weight_OI, quantiser))
    refuse_saving(decoder)


def check_int8(device: torch.device) -> None:
    """Refuse devices without these products.

    Args:
        device: Where the model is to run.

    Raises:
        InvalidInputError: If it is no CPU, or oneDNN's 8-bit products are missing or overflow on it (processors
            without VNNI).
    """
    if device.type != "cpu":
        raise InvalidInputError("dtype", f"int8 runs on CPU, and the model is on {device.type}", hint="use bf16 or fp8")
    ones = torch.ones(64, 64)
    try:
        with torch.inference_mode():
            sums = Int8Projection(ones, TokenQuantiser())(ones)
    except (AttributeError, RuntimeError) as error:
        raise InvalidInputError("dtype", f"this PyTorch has no 8-bit products: {error}", hint="use fp32") from error
    if not torch.allclose(sums, torch.full_like(sums, 64.0), rtol=1e-3):
        raise InvalidInputError("dtype", "8-bit products overflow on this processor", hint="use fp32")
