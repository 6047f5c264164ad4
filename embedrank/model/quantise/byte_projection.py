"""What projections that multiply 8-bit activations on CPU share, whatever their weights are kept in.

Whole numbers are summed, exactly in any order: results are equal to the bit beside any neighbour.

Shape suffixes: T packed tokens, I inputs, O outputs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional

from embedrank.core.errors import InvalidInputError
from embedrank.model.projection import Projection
from embedrank.model.quantise.scheme import MakeProjection, Scheme
from embedrank.model.quantise.token_rows import TokenQuantiser

_BLOCK_NUMBERS = 1 << 20  # of a weight, worked on at a time: a large one is never in memory in float32
_TINY = 1e-12  # keeps outputs of zeros from dividing by zero
_HINT = "use fp32 or bf16"


class ByteProjection(Projection):
    """A projection of activations in 8 bits; results in the type of the activations."""

    def __init__(self, quantiser: TokenQuantiser) -> None:
        """Prepare for activations.

        Args:
            quantiser: Shared by all projections of a decoder.
        """
        super().__init__()
        self._quantiser = quantiser

    @abstractmethod
    def multiply(self, rows_TI: Tensor, dtype: torch.dtype) -> Tensor:
        """The product with bytes.

        Args:
            rows_TI: Unsigned bytes around 128.
            dtype: Type of the result.

        Returns:
            `[T, O]`, scaled by output but not by token, freshly made.
        """

    def forward(self, states_TI: Tensor) -> Tensor:
        """The map's result, `[T, O]`."""
        rows, scale_T1 = self._quantiser(states_TI)
        return self.multiply(rows, states_TI.dtype).mul_(scale_T1)

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


def scaled_blocks(weight_OI: Tensor, *, largest: int) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """A weight in float32, a block of outputs at a time, each output scaled by its largest number.

    Args:
        weight_OI: Of any float type; it may be mapped from a file.
        largest: What the largest number of an output becomes.

    Yields:
        The outputs of the block, their numbers `[o, I]` in -largest..largest, and the factors `[o, 1]` that give the
        weight back.

    Raises:
        InvalidInputError: If a number is not finite.
    """
    outputs, inputs = weight_OI.shape
    size = max(1, _BLOCK_NUMBERS // inputs)
    for start in range(0, outputs, size):
        part = slice(start, min(start + size, outputs))
        exact = weight_OI[part].to(torch.float32, copy=True)
        factor = exact.abs().amax(dim=1, keepdim=True).clamp_(min=_TINY) / largest
        if not bool(factor.isfinite().all()):
            raise InvalidInputError("weights", "hold numbers that are not finite", hint="the checkpoint is damaged")
        yield part, exact.div_(factor), factor


def byte_scheme(name: str, kind: Callable[[Tensor, TokenQuantiser], ByteProjection]) -> Scheme:
    """The scheme of a kind of projection.

    Args:
        name: Of the scheme, for errors.
        kind: From a weight and a decoder's quantiser to the projection.

    Returns:
        The scheme, for CPUs whose products do not overflow.
    """

    def for_decoder(_: torch.dtype) -> MakeProjection:
        quantiser = TokenQuantiser()
        return lambda weight_OI: kind(weight_OI, quantiser)

    def check(device: torch.device) -> None:
        if device.type != "cpu":
            raise InvalidInputError("dtype", f"{name} runs on CPU, and the model is on {device.type}", hint=_HINT)
        ones = torch.ones(64, 64)  # quantised, they make the largest sums there are
        try:
            with torch.inference_mode():
                sums = kind(ones, TokenQuantiser())(ones)
        except (AttributeError, RuntimeError) as error:
            problem = f"this PyTorch has no products for {name}: {str(error).splitlines()[0]}"
            raise InvalidInputError("dtype", problem, hint=_HINT) from error
        if not torch.allclose(sums, torch.full_like(sums, 64.0), rtol=1e-3):  # processors without VNNI
            raise InvalidInputError("dtype", f"the products of {name} overflow on this processor", hint=_HINT)

    return Scheme(check=check, for_decoder=for_decoder)
