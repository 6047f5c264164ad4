"""The decoder once more, as a plain forward over padded rows that other runtimes can take over.

It shares the weights with `Decoder` and nothing of its serving tricks. Rows may be padded left, right or not at all:
the attention mask tells the tokens from the padding, positions are counted on real tokens, and a padding token sees at
least itself. Without the last point a row that begins with padding has a softmax over nothing, which is where exports
of Qwen3 elsewhere return NaN.

Shape suffixes: B rows, L row length, M hidden size, H query heads, G key-value heads, D head size, F half of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional

from embedrank.model.attention import Attention
from embedrank.model.decoder import Decoder, DecoderLayer
from embedrank.model.head import YesNoHead
from embedrank.model.norm import RMSNorm
from embedrank.model.rope import rope_tables, rotate

INPUTS = ("input_ids", "attention_mask")


class EmbedderGraph(nn.Module):
    """Token ids and mask `[B, L]` to unit vectors `[B, M]`."""

    output = "sentence_embedding"

    def __init__(self, decoder: Decoder, pooling: str) -> None:
        """Share a decoder's weights.

        Args:
            decoder: The model.
            pooling: `lasttoken`, `mean` or `cls`.
        """
        super().__init__()
        self.decoder, self.pool = decoder, _POOLINGS[pooling]

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Unit vectors of the rows."""
        hidden_BLM = hidden_states(self.decoder, input_ids, attention_mask)
        return functional.normalize(self.pool(hidden_BLM.float(), attention_mask), dim=-1)


class RerankerGraph(nn.Module):
    """Token ids and mask `[B, L]` of whole prompts to the yes logit minus the no logit, `[B]`."""

    output = "logits"

    def __init__(self, decoder: Decoder, head: YesNoHead) -> None:
        """Share a reranker's weights.

        Args:
            decoder: The model.
            head: Its rows of no and yes, of which the difference is kept.
        """
        super().__init__()
        self.decoder = decoder
        self.row_M = nn.Parameter(head.weight[1] - head.weight[0], requires_grad=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits of the rows."""
        hidden_BLM = hidden_states(self.decoder, input_ids, attention_mask)
        pooled_BM = last_token(hidden_BLM.float(), attention_mask)
        return (pooled_BM * self.row_M).sum(-1)  # quantisers take a product with a vector for a matrix product


def hidden_states(decoder: Decoder, tokens_BL: Tensor, mask_BL: Tensor) -> Tensor:
    """Hidden states after the final norm.

    Args:
        decoder: The model.
        tokens_BL: Token ids; any id stands for padding.
        mask_BL: 1 for tokens, 0 for padding.

    Returns:
        `[B, L, M]`; rows of padding are finite and mean nothing.
    """
    config = decoder.config
    hidden_BLM = decoder.embed_tokens(tokens_BL)
    positions_BL = (mask_BL.cumsum(1) - 1).clamp(min=0)
    cos, sin = rope_tables(
        positions_BL.flatten(), head_dim=config.head_dim, theta=config.rope_theta, dtype=hidden_BLM.dtype
    )
    rope = cos.unflatten(0, tokens_BL.shape), sin.unflatten(0, tokens_BL.shape)
    visible_B1LL = _visible(mask_BL, is_causal=config.is_causal)
    for layer in decoder.layers:
        assert isinstance(layer, DecoderLayer)
        normed = _norm(layer.input_layernorm, hidden_BLM)
        hidden_BLM = hidden_BLM + _attention(layer.self_attn, normed, rope, visible_B1LL)
        normed, mlp = _norm(layer.post_attention_layernorm, hidden_BLM), layer.mlp
        hidden_BLM = hidden_BLM + mlp.down_proj(functional.silu(mlp.gate_proj(normed)) * mlp.up_proj(normed))
    return _norm(decoder.norm, hidden_BLM)


def last_token(hidden_BLM: Tensor, mask_BL: Tensor) -> Tensor:
    """The state of each row's last real token, wherever the padding is; `[B, M]`."""
    return _pick(hidden_BLM, (mask_BL * torch.arange(1, mask_BL.shape[1] + 1)).argmax(1))


def first_token(hidden_BLM: Tensor, mask_BL: Tensor) -> Tensor:
    """The state of each row's first real token, `[B, M]`."""
    return _pick(hidden_BLM, mask_BL.argmax(1))


def mean_of_tokens(hidden_BLM: Tensor, mask_BL: Tensor) -> Tensor:
    """The mean over each row's real tokens, `[B, M]`."""
    weights_BL1 = mask_BL[..., None].to(hidden_BLM.dtype)
    return (hidden_BLM * weights_BL1).sum(1) / weights_BL1.sum(1).clamp(min=1)


_POOLINGS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {"lasttoken": last_token, "mean": mean_of_tokens, "cls": first_token}
)


def _pick(hidden_BLM: Tensor, places_B: Tensor) -> Tensor:
    return hidden_BLM.gather(1, places_B[:, None, None].expand(-1, 1, hidden_BLM.shape[-1])).squeeze(1)


def _visible(mask_BL: Tensor, *, is_causal: bool) -> Tensor:
    places_L = torch.arange(mask_BL.shape[1])
    seen_BLL = mask_BL.bool()[:, None, :]
    if is_causal:
        seen_BLL = seen_BLL & (places_L[None, :] <= places_L[:, None])
    return (seen_BLL | (places_L[None, :] == places_L[:, None]))[:, None]


def _attention(block: Attention, normed_BLM: Tensor, rope: tuple[Tensor, Tensor], visible_B1LL: Tensor) -> Tensor:
    split = (-1, block.head_dim)
    queries = rotate(_norm(block.q_norm, block.q_proj(normed_BLM).unflatten(-1, split)), *rope)
    keys = rotate(_norm(block.k_norm, block.k_proj(normed_BLM).unflatten(-1, split)), *rope)
    values = block.v_proj(normed_BLM).unflatten(-1, split)
    repeats = queries.shape[2] // keys.shape[2]
    mixed_BHLD = functional.scaled_dot_product_attention(
        queries.transpose(1, 2),
        keys.transpose(1, 2).repeat_interleave(repeats, 1),
        values.transpose(1, 2).repeat_interleave(repeats, 1),
        attn_mask=visible_B1LL,
    )
    added: Tensor = block.o_proj(mixed_BHLD.transpose(1, 2).flatten(2))
    return added


def _norm(norm: RMSNorm, states: Tensor) -> Tensor:
    scale = torch.rsqrt(states.float().square().mean(-1, keepdim=True) + norm.eps)
    return states * scale.to(states.dtype) * norm.weight
