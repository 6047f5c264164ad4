"""The decoder's norms by the kernels, as soon as these are there.

Shape suffixes: T packed tokens, H heads, D head dimension.
"""

from __future__ import annotations

from torch import Tensor, nn

from embedrank.model.native.kernels import kernels_take
from embedrank.model.native.source import KERNELS, KernelSource
from embedrank.model.norm import RMSNorm


class NativeRMSNorm(RMSNorm):
    """A norm that the kernels compute where they can, and PyTorch elsewhere."""

    def __init__(self, plain: RMSNorm, source: KernelSource) -> None:
        """Take a plain norm's place.

        Args:
            plain: The norm whose weight is shared.
            source: Where the kernels come from.
        """
        nn.Module.__init__(self)
        self.weight, self.eps = plain.weight, plain.eps
        self._source = source

    def forward(self, states: Tensor) -> Tensor:
        """As `RMSNorm.forward`."""
        kernels = self._source.ready()
        if kernels is None or not kernels_take(states, self.weight):
            return super().forward(states)
        return kernels.norm(states, self.weight, self.eps)

    def rotated(self, states_THD: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
        """As `RMSNorm.rotated`, in one pass."""
        kernels = self._source.ready()
        if kernels is None or not kernels_take(states_THD, self.weight, *rope):
            return super().rotated(states_THD, rope)
        return kernels.norm_rotate(states_THD, self.weight, self.eps, *rope)


def use_native_norms(decoder: nn.Module, source: KernelSource = KERNELS) -> None:
    """Let the kernels compute all norms of a decoder, in place.

    Args:
        decoder: The model, on CPU.
        source: Where the kernels come from.
    """
    for parent in list(decoder.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, RMSNorm):
                setattr(parent, name, NativeRMSNorm(child, source))
