"""Linear maps of the decoder, and what may be fused to them: an activation, a product, a sum.

Every kind of weight (plain, packed, quantised) is a `Projection`; kinds that know no fused form inherit the plain one.

Shape suffixes: T packed tokens, I inputs, O outputs.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Projection(nn.Module):
    """A linear map without bias, `[T, I]` to `[T, O]`."""

    def silu(self, states_TI: Tensor) -> Tensor:
        """SiLU of the map's result."""
        return functional.silu(self(states_TI))

    def times(self, states_TI: Tensor, other_TO: Tensor) -> Tensor:
        """The map's result times `other_TO`, element by element."""
        product: Tensor = other_TO * self(states_TI)
        return product

    def plus(self, states_TI: Tensor, residual_TO: Tensor) -> Tensor:
        """The map's result added to `residual_TO`."""
        total: Tensor = residual_TO + self(states_TI)
        return total


class PlainProjection(Projection, nn.Linear):
    """Weights as the checkpoint has them; serves and trains."""

    def __init__(self, inputs: int, outputs: int) -> None:
        nn.Linear.__init__(self, inputs, outputs, bias=False)
