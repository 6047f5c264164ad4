"""A token table in int8 with one scale a row, for graphs whose quantiser has one scale for a whole table.

With one scale for all rows the empty text of the bundled embedder fell to a cosine below 0.98; by rows it does not.

Shape suffixes: V vocabulary, M hidden size.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LARGEST = 127


class RowTable(nn.Module):
    """Looks tokens up as an embedding does, and scales their rows back."""

    def __init__(self, weight_VM: Tensor) -> None:
        """Quantise a table.

        Args:
            weight_VM: The rows.
        """
        super().__init__()
        largest_V1 = weight_VM.detach().abs().amax(1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)
        scale_V1 = largest_V1 / _LARGEST
        self.scale_V1 = nn.Parameter(scale_V1, requires_grad=False)
        self.rows_VM = nn.Parameter((weight_VM.detach() / scale_V1).round().to(torch.int8), requires_grad=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Rows of the tokens in float32."""
        return self.rows_VM[tokens].float() * self.scale_V1[tokens]
