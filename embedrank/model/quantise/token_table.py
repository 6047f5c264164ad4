"""The token table of a quantised decoder: as the checkpoint stores it, not quantised.

On CPU it stays mapped from the file: only rows that are looked up take memory, and the system may take that back. In 8
bits it would have to be in memory as a whole, and would be less exact (docs/models.md).

Shape suffixes: V tokens of the vocabulary, T packed tokens, M hidden size.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class StoredTable(nn.Module):
    """An embedding whose rows change their number type when they are looked up."""

    def __init__(self, weight_VM: Tensor, *, dtype: torch.dtype) -> None:
        """Take a table over.

        Args:
            weight_VM: The table, kept as it is.
            dtype: Type of the rows that are looked up.
        """
        super().__init__()
        self.weight = nn.Parameter(weight_VM, requires_grad=False)
        self._dtype = dtype

    def forward(self, tokens_T: Tensor) -> Tensor:
        """Rows of the tokens, `[T, M]`."""
        return functional.embedding(tokens_T, self.weight).to(self._dtype)
