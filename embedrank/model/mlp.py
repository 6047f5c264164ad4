"""SwiGLU feed-forward block.

Source: arXiv 2002.05202.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from embedrank.model.config import DecoderConfig


class MLP(nn.Module):
    """`down(silu(gate(x)) * up(x))`, without biases."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, hidden_TM: Tensor) -> Tensor:
        """Transform each token on its own; `[T, M]` to `[T, M]`."""
        gate = functional.silu(self.gate_proj(hidden_TM))
        return self.down_proj(gate * self.up_proj(hidden_TM))  # type: ignore[no-any-return]
