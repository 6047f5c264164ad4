"""Projections through oneDNN's fused products: for serving on CPU only.

Three things are won over plain products (LOG.md): SiLU, product and sum happen in the product's last step, which saves
passes over memory; a row's numbers do not depend on how many rows there are, in every shape and type that we tried;
and a weight can be laid out for oneDNN once instead of at every call, which is most of the time of a single query.
Laying out takes seconds on large models, so it is done when a weight has served a few short calls, or so many rows that
the few per cent which long calls gain have paid for it. A command that asks once gains nothing from it.

The operators are those that PyTorch's own compiler emits, not public API; where they are missing, products stay plain.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from embedrank.model.projection import Projection, refuse_saving, replace_projections

SHORT_CALL = 256  # rows up to which the layout of the weight decides the time
SHORT_CALLS_BEFORE_PACKING = 8
ROWS_BEFORE_PACKING = 32_768  # a row gains about 1 / 15,000 of what laying out costs, whatever the shape (LOG.md)
_DTYPES = (torch.float32, torch.bfloat16)


class OneDnnProjection(Projection):
    """A projection that oneDNN computes, its weight packed once that pays."""

    def __init__(self, weight_OI: Tensor) -> None:
        super().__init__()
        self._weight_OI = weight_OI
        self._short_calls = self._rows = 0

    @property
    def is_packed(self) -> bool:
        """Whether the weight is laid out for oneDNN."""
        return self._weight_OI.is_mkldnn

    def forward(self, states_TI: Tensor) -> Tensor:
        """The product, `[T, O]`."""
        return self._fused(states_TI, "none")

    def silu(self, states_TI: Tensor) -> Tensor:
        """As `Projection.silu`, in one step."""
        return self._fused(states_TI, "swish")

    def times(self, states_TI: Tensor, other_TO: Tensor) -> Tensor:
        """As `Projection.times`, in one step."""
        return self._joined(states_TI, other_TO, "mul")

    def plus(self, states_TI: Tensor, residual_TO: Tensor) -> Tensor:
        """As `Projection.plus`, in one step."""
        return self._joined(states_TI, residual_TO, "add")

    def _fused(self, states: Tensor, activation: str) -> Tensor:
        rows = _two_at_least(states)
        product: Tensor = torch.ops.mkldnn._linear_pointwise(rows, self._weight(rows), None, activation, [], "")
        return product[: states.shape[0]]

    def _joined(self, states: Tensor, other: Tensor, operation: str) -> Tensor:
        rows, others = _two_at_least(states), _two_at_least(other)
        weight = self._weight(rows)
        joined: Tensor = torch.ops.mkldnn._linear_pointwise.binary(rows, others, weight, None, operation)
        return joined[: states.shape[0]]

    def _weight(self, states: Tensor) -> Tensor:
        if not self.is_packed:
            self._short_calls += states.shape[0] <= SHORT_CALL
            self._rows += states.shape[0]
            if self._short_calls > SHORT_CALLS_BEFORE_PACKING or self._rows > ROWS_BEFORE_PACKING:
                self._weight_OI = torch.ops.mkldnn._reorder_linear_weight(self._weight_OI)
        return self._weight_OI


def _two_at_least(states_TI: Tensor) -> Tensor:
    """A single row doubled, because oneDNN computes single rows by another kernel that rounds otherwise."""
    return states_TI.expand(2, -1).contiguous() if states_TI.shape[0] == 1 else states_TI


def has_onednn(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether the fused products are there, by trying them.

    Args:
        device: Where the model runs.
        dtype: Type of its weights.

    Returns:
        True on a CPU whose PyTorch has oneDNN and its operators for the type.
    """
    if device.type != "cpu" or dtype not in _DTYPES or not torch.backends.mkldnn.is_available():
        return False
    try:
        with torch.inference_mode():
            ones = torch.eye(16, dtype=dtype)
            sums = OneDnnProjection(torch.ops.mkldnn._reorder_linear_weight(ones)).plus(ones, ones)
    except (AttributeError, RuntimeError):
        return False
    return bool(torch.equal(sums, ones + ones))


def use_onednn(decoder: nn.Module) -> None:
    """Let oneDNN compute all projections of a decoder, in place; it then serves only.

    Args:
        decoder: The model, on CPU.
    """
    replace_projections(decoder, OneDnnProjection)
    refuse_saving(decoder)
