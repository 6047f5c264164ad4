"""Attention as the formula says, sequence by sequence, in float32: what all others are tested against.

Shape suffixes: T packed tokens, N sequences, P shared prefix, H query heads, G key-value heads, D head dimension,
L queries of a sequence, K keys of a sequence.
Source: "Attention is all you need", arXiv 1706.03762, section 3.2.1; grouped heads as in arXiv 2305.13245.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPlan:
    """The lengths of the sequences are all it needs."""

    lengths: tuple[int, ...]
    is_causal: bool

    def attend(
        self,
        queries_THD: Tensor,
        keys_TGD: Tensor,
        values_TGD: Tensor,
        *,
        prefix: tuple[Tensor, Tensor] | None = None,
        last_only: bool = False,
    ) -> Tensor:
        """As `AttentionPlan.attend`."""
        parts = list(self.lengths)
        queries = queries_THD.split(1 if last_only else parts)
        mixed = []
        for own_queries, keys, values in zip(queries, keys_TGD.split(parts), values_TGD.split(parts), strict=True):
            if prefix is not None:
                keys, values = torch.cat((prefix[0], keys)), torch.cat((prefix[1], values))
            mixed.append(softmax_attention(own_queries, keys, values, is_causal=self.is_causal))
        return torch.cat(mixed).flatten(1)


def softmax_attention(queries_LHD: Tensor, keys_KGD: Tensor, values_KGD: Tensor, *, is_causal: bool) -> Tensor:
    """Softmax attention of one sequence.

    Args:
        queries_LHD: Queries of its last L tokens.
        keys_KGD: Keys of all its tokens; G divides H.
        values_KGD: Values likewise.
        is_causal: Whether query i sees keys `0..K - L + i` only (aligned to the bottom right).

    Returns:
        Mixed values `[L, H, D]`, in the type of the queries.
    """
    length, num_heads, head_dim = queries_LHD.shape
    repeats = num_heads // keys_KGD.shape[1]
    keys = keys_KGD.float().repeat_interleave(repeats, dim=1)
    values = values_KGD.float().repeat_interleave(repeats, dim=1)
    scores = torch.einsum("lhd,khd->hlk", queries_LHD.float(), keys) * head_dim**-0.5
    if is_causal:
        num_keys = keys.shape[0]
        seen = torch.ones(length, num_keys, dtype=torch.bool, device=scores.device).tril(num_keys - length)
        scores = scores.masked_fill(~seen, float("-inf"))
    return torch.einsum("hlk,khd->lhd", scores.softmax(-1), values).to(queries_LHD.dtype)


class PlainAttention:
    """Runs everywhere, slowly, and trains."""

    name = "plain"

    def obstacle(self, *, device: torch.device, dtype: torch.dtype, head_dim: int) -> str | None:
        """None: it can always run."""
        return None

    def plan(
        self,
        lengths: Sequence[int],
        *,
        is_causal: bool,
        num_prefix: int = 0,
        max_padding: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> PlainPlan:
        """As `AttentionBackend.plan`."""
        return PlainPlan(lengths=tuple(lengths), is_causal=is_causal)
