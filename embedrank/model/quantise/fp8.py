"""Linear layers in 8-bit floating point (e4m3): weights scaled by output channel, activations by token, as they come.

The products run on the tensor cores of Hopper and later, at twice the rate of bf16. Norms, attention and the token
table stay as they are. Nothing is calibrated: every token is scaled by its own largest number.

Shape suffixes: T packed tokens, I inputs, O outputs.
Source: FP8 formats for deep learning, arXiv 2209.05433.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from embedrank.core.errors import InvalidInputError
from embedrank.model.projection import Projection
from embedrank.model.quantise.scheme import MakeProjection, Scheme

FORMAT = torch.float8_e4m3fn
LARGEST = 448.0  # of the format
HOPPER = (9, 0)  # compute capability; cards before it have no products scaled by row and column
_MULTIPLE = 16  # the products want both sides in multiples of it
_TINY = 1e-12  # keeps a row of zeros from dividing by zero


class Fp8Linear(Projection):
    """A linear layer without bias whose weights and inputs are multiplied in e4m3."""

    weight: Tensor
    scale: Tensor

    def __init__(self, weight_OI: Tensor, *, dtype: torch.dtype) -> None:
        """Quantise a weight.

        Args:
            weight_OI: The weight, both sizes multiples of 16.
            dtype: Type of the layer's results.

        Raises:
            InvalidInputError: If a size is no multiple of 16.
        """
        super().__init__()
        if any(size % _MULTIPLE for size in weight_OI.shape):
            raise InvalidInputError(
                "dtype", f"fp8 needs sizes in multiples of {_MULTIPLE}, not {list(weight_OI.shape)}"
            )
        weight, scale_O1 = to_fp8(weight_OI)
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale_O1.T.contiguous())
        self._dtype = dtype

    def forward(self, states_TI: Tensor) -> Tensor:
        """Product with the weight; `[T, I]` to `[T, O]`."""
        rows, scale_T1 = to_fp8(states_TI)
        product: Tensor = torch._scaled_mm(
            rows, self.weight.T, scale_a=scale_T1, scale_b=self.scale, out_dtype=self._dtype, use_fast_accum=True
        )
        return product


def to_fp8(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Scale every row to the range of the format.

    Args:
        rows: A matrix.

    Returns:
        The matrix in e4m3, and the float32 factor `[rows, 1]` that gives its numbers back.
    """
    exact = rows.float()
    scale = exact.abs().amax(dim=1, keepdim=True).clamp_(min=_TINY) / LARGEST
    return (exact / scale).clamp_(-LARGEST, LARGEST).to(FORMAT), scale


def check_fp8(device: torch.device) -> None:
    """Refuse devices without these products.

    Args:
        device: Where the model is to run.

    Raises:
        InvalidInputError: If it is no CUDA device of Hopper's generation or later.
    """
    hint = "bf16 runs everywhere"
    if device.type != "cuda":
        raise InvalidInputError("dtype", f"fp8 needs a CUDA device, and the model is on {device.type}", hint=hint)
    capability = torch.cuda.get_device_capability(device)
    if capability < HOPPER:
        shown = ".".join(map(str, capability))
        raise InvalidInputError(
            "dtype", f"fp8 needs compute capability 9.0 (Hopper) or newer, and the device has {shown}", hint=hint
        )


def _for_decoder(dtype: torch.dtype) -> MakeProjection:
    return partial(Fp8Linear, dtype=dtype)


FP8 = Scheme(check=check_fp8, for_decoder=_for_decoder, number_type=torch.bfloat16)
