"""SwiGLU feed-forward block.

Source: arXiv 2002.05202.
"""

from __future__ import annotations

from torch import Tensor, nn

from embedrank.model.config import DecoderConfig
from embedrank.model.projection import PlainProjection


class MLP(nn.Module):
    """`down(silu(gate(x)) * up(x))`, without biases."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.gate_proj = PlainProjection(config.hidden_size, config.intermediate_size)
        self.up_proj = PlainProjection(config.hidden_size, config.intermediate_size)
        self.down_proj = PlainProjection(config.intermediate_size, config.hidden_size)

    def forward(self, hidden_TM: Tensor, residual_TM: Tensor) -> Tensor:
        """Transform each token on its own and add that to `residual_TM`; both `[T, M]`."""
        gated = self.up_proj.times(hidden_TM, self.gate_proj.silu(hidden_TM))
        return self.down_proj.plus(gated, residual_TM)
