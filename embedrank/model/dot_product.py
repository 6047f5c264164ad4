"""Scaled dot-product attention of one group of rows: PyTorch's kernels to serve, plain products to train on CPU.

The backward pass of PyTorch's fused kernel for CPU takes a third of a training step on short rows (LOG.md), so short
rows that need gradients on CPU are computed by two batched products and a softmax.

Shape suffixes: B rows, H query heads, G key-value heads, R heads per key-value head, L queries, K keys, D head size.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

PLAIN_MAX_KEYS = 512  # above this the L x K scores cost more memory than the fused kernel's slow backward costs time


def dot_product(
    queries_BHLD: Tensor, keys_BGKD: Tensor, values_BGKD: Tensor, *, mask: Tensor | None = None, is_causal: bool = False
) -> Tensor:
    """Attention with grouped key-value heads.

    Args:
        queries_BHLD: Queries.
        keys_BGKD: Keys; G divides H.
        values_BGKD: Values.
        mask: Booleans that broadcast to `[B, H, L, K]`, true where a key may be seen; None for all.
        is_causal: Whether row i sees keys 0..i; excludes `mask` and asks for L == K.

    Returns:
        Mixed values `[B, H, L, D]`.
    """
    trains_on_cpu = torch.is_grad_enabled() and queries_BHLD.device.type == "cpu" and queries_BHLD.requires_grad
    if trains_on_cpu and keys_BGKD.shape[2] <= PLAIN_MAX_KEYS:
        if is_causal:
            length = queries_BHLD.shape[2]
            mask = torch.ones(length, length, dtype=torch.bool).tril()
        return _plain(queries_BHLD, keys_BGKD, values_BGKD, mask)
    shared = queries_BHLD.shape[1] != keys_BGKD.shape[1]
    mixed: Tensor = functional.scaled_dot_product_attention(
        queries_BHLD, keys_BGKD, values_BGKD, attn_mask=mask, is_causal=is_causal, enable_gqa=shared
    )
    return mixed


def _plain(queries_BHLD: Tensor, keys_BGKD: Tensor, values_BGKD: Tensor, mask: Tensor | None) -> Tensor:
    num_groups = keys_BGKD.shape[1]
    queries_BGRLD = queries_BHLD.unflatten(1, (num_groups, -1))
    heads, length = queries_BGRLD.shape[2:4]
    flat = (queries_BGRLD * queries_BHLD.shape[-1] ** -0.5).flatten(2, 3).flatten(0, 1)
    scores = torch.bmm(flat, keys_BGKD.flatten(0, 1).transpose(1, 2))
    scores_BHLK = scores.unflatten(0, (-1, num_groups)).unflatten(2, (heads, length)).flatten(1, 2)
    if mask is not None:
        scores_BHLK = scores_BHLK.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores_BHLK, dim=-1, dtype=scores_BHLK.dtype)
    weights = weights.unflatten(1, (num_groups, heads)).flatten(2, 3).flatten(0, 1)
    mixed = torch.bmm(weights, values_BGKD.flatten(0, 1))
    mixed_BHLD: Tensor = mixed.unflatten(0, (-1, num_groups)).unflatten(2, (heads, length)).flatten(1, 2)
    return mixed_BHLD
