"""Linear maps of the decoder, and what may be fused to them: an activation, a product, a sum.

Every kind of weight (plain, packed, quantised) is a `Projection`; kinds that know no fused form inherit the plain one.

Shape suffixes: T packed tokens, I inputs, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def replace_projections(decoder: nn.Module, make: Callable[[Tensor], Projection]) -> None:
    """Put another kind of projection in the place of every plain one, one by one, letting go of the plain weights.

    Args:
        decoder: The model, changed in place.
        make: From a weight `[O, I]` to the projection that takes its place.
    """
    for parent in list(decoder.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, PlainProjection):
                setattr(parent, name, make(child.weight.detach()))


def refuse_saving(decoder: nn.Module) -> None:
    """Let `state_dict` fail where projections keep their weights in a form that cannot be saved."""
    decoder.register_state_dict_pre_hook(_refuse)


def _refuse(*_: Any) -> None:
    raise AssertionError("a serving decoder has no weights to save: load it with load_decoder")
