"""Warm start of a small reranker: one layer in which every token looks for tokens like itself.

A reranker has to compare the words of the document with those of the query before them. In a decoder trained from
nothing, attention that finds equal tokens emerges late. Here one layer starts with it: queries and keys are the same
projection, so that their product is the likeness of two tokens, and only the slowly turning dimensions of RoPE count,
so that likeness does not fade with distance. Everything stays trainable.
"""

from __future__ import annotations

import torch

from embedrank.model.decoder import Decoder, DecoderLayer

FADING_SHARE = 0.45  # share of RoPE's frequencies that turn too fast to compare distant tokens
SHARPNESS = 1.5  # weight of the query and key norms elsewhere: equal tokens get a logit near ten


def look_for_like(decoder: Decoder, *, layer: int) -> None:
    """Turn the attention of one layer into token matching.

    Args:
        decoder: Changed in place.
        layer: Index of the layer; from the second on, tokens already know where they stand.
    """
    block = decoder.layers[layer]
    assert isinstance(block, DecoderLayer)
    attention = block.self_attn
    heads, kv_heads = decoder.config.num_attention_heads, decoder.config.num_key_value_heads
    half = decoder.config.head_dim // 2
    weight = torch.full((half,), SHARPNESS)
    weight[: int(half * FADING_SHARE)] = 0.1
    with torch.no_grad():
        keys = attention.k_proj.weight.unflatten(0, (kv_heads, -1))
        attention.q_proj.weight.copy_(keys.repeat_interleave(heads // kv_heads, dim=0).flatten(0, 1))
        attention.q_norm.weight.copy_(weight.repeat(2))
        attention.k_norm.weight.copy_(weight.repeat(2))
