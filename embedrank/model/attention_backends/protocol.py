"""What a way of computing attention over packed sequences has to offer.

A backend makes a plan for a pack: index tensors, masks, cumulative lengths. All layers of the pass share the plan.

Shape suffixes: T packed tokens, N sequences, P shared prefix, H query heads, G key-value heads, D head dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class AttentionPlan(Protocol):
    """Who sees whom in one pack."""

    def attend(
        self,
        queries_THD: Tensor,
        keys_TGD: Tensor,
        values_TGD: Tensor,
        *,
        prefix: tuple[Tensor, Tensor] | None = None,
        last_only: bool = False,
    ) -> Tensor:
        """Attention of every sequence over itself and the shared prefix.

        Args:
            queries_THD: One query per packed token, or `[N, H, D]` with one per sequence if `last_only`.
            keys_TGD: One key per packed token.
            values_TGD: One value per packed token.
            prefix: Keys and values `[P, G, D]` that come before every sequence.
            last_only: Whether the queries are those of each sequence's last token.

        Returns:
            `[T, H * D]`, or `[N, H * D]` if `last_only`.
        """
        ...


class AttentionBackend(Protocol):
    """One way of computing attention.

    Attributes:
        name: What `attention=` calls it.
    """

    name: str

    def obstacle(self, *, device: torch.device, dtype: torch.dtype, head_dim: int) -> str | None:
        """Why it cannot run.

        Args:
            device: Where the model is.
            dtype: Type of queries, keys and values.
            head_dim: Size of a head.

        Returns:
            The reason in a few words, or None where it can run.
        """
        ...

    def plan(
        self,
        lengths: Sequence[int],
        *,
        is_causal: bool,
        num_prefix: int = 0,
        max_padding: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> AttentionPlan:
        """Lay out attention for a pack.

        Args:
            lengths: Tokens per sequence, in packed order.
            is_causal: Whether a token sees only tokens before it.
            num_prefix: Tokens of a shared prefix, 0 for none.
            max_padding: Largest share of padding, for backends that pad.
            device: Where the plan's tensors live.

        Returns:
            The plan.
        """
        ...
