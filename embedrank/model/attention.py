"""Grouped-query attention with per-head normalisation of queries and keys before RoPE.

Shape suffixes: T packed tokens, M hidden size, H query heads, G key-value heads, D head dimension.
Source: Qwen3 technical report, arXiv 2505.09388, section 2.
"""

from __future__ import annotations

from typing import TypeAlias

from torch import Tensor, nn

from embedrank.model.config import DecoderConfig
from embedrank.model.norm import RMSNorm
from embedrank.model.projection import PlainProjection

KeysValues: TypeAlias = tuple[Tensor, Tensor]
RopeTables: TypeAlias = tuple[Tensor, Tensor]


class Attention(nn.Module):
    """The projections of one attention block; who sees whom is `AttentionPlan`'s. Names are Hugging Face's."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.head_dim = config.head_dim
        hidden, queries, keys = config.hidden_size, config.num_attention_heads, config.num_key_value_heads
        self.q_proj = PlainProjection(hidden, queries * self.head_dim)
        self.k_proj = PlainProjection(hidden, keys * self.head_dim)
        self.v_proj = PlainProjection(hidden, keys * self.head_dim)
        self.o_proj = PlainProjection(queries * self.head_dim, hidden)
        self.q_norm = RMSNorm(self.head_dim, eps=config.rms_norm_eps)
        self.k_norm = RMSNorm(self.head_dim, eps=config.rms_norm_eps)

    def queries(self, normed_TM: Tensor, rope: RopeTables) -> Tensor:
        """Queries, normalised and rotated, `[T, H, D]`."""
        return self.q_norm.rotated(self.q_proj(normed_TM).unflatten(-1, (-1, self.head_dim)), rope)

    def keys_values(self, normed_TM: Tensor, rope: RopeTables) -> KeysValues:
        """Keys (normalised and rotated) and values, both `[T, G, D]`."""
        keys_TGD = self.k_norm.rotated(self.k_proj(normed_TM).unflatten(-1, (-1, self.head_dim)), rope)
        return keys_TGD, self.v_proj(normed_TM).unflatten(-1, (-1, self.head_dim))
