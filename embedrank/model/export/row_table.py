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
        scale_V1 = weight_VM.detach().abs().amax(1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny) / _LARGEST
        self.register_buffer("scale_V1", scale_V1)
        self.register_buffer("rows_VM", (weight_VM.detach() / scale_V1).round().to(torch.int8))

    def forward(self, tokens: Tensor) -> Tensor:
        """Rows of the tokens in float32."""
        embed = torch.nn.functional.embedding
        rows: Tensor = self.rows_VM[tokens].float() * embed(tokens, self.scale_V1)  # type: ignore[index,arg-type]
        return rows
