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
        mask: Broadcasts to `[B, H, L, K]`: booleans, true where a key may be seen, or numbers that are added to the
            scores; None for all.
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


def additive_mask(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """A mask as what is added to scores.

    Args:
        mask: Booleans, true where a key may be seen; or a mask that is additive already, which is returned as it is.
        dtype: Type of the scores.

    Returns:
        Nothing where a key may be seen, minus infinity elsewhere.
    """
    if mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask, float("-inf"))


def _plain(queries_BHLD: Tensor, keys_BGKD: Tensor, values_BGKD: Tensor, mask: Tensor | None) -> Tensor:
    num_groups = keys_BGKD.shape[1]
    queries_BGRLD = queries_BHLD.unflatten(1, (num_groups, -1))
    heads, length = queries_BGRLD.shape[2:4]
    flat, scale = queries_BGRLD.flatten(2, 3).flatten(0, 1), queries_BHLD.shape[-1] ** -0.5
    keys_transposed = keys_BGKD.flatten(0, 1).transpose(1, 2)
    if mask is None:
        scores = torch.bmm(flat * scale, keys_transposed)
    else:  # the mask is added inside the product, which saves a pass over the scores each way
        scores = torch.baddbmm(_bias(mask, num_groups, heads, length, flat.dtype), flat, keys_transposed, alpha=scale)
    weights = torch.softmax(scores, dim=-1, dtype=scores.dtype)
    mixed = torch.bmm(weights, values_BGKD.flatten(0, 1))
    mixed_BHLD: Tensor = mixed.unflatten(0, (-1, num_groups)).unflatten(2, (heads, length)).flatten(1, 2)
    return mixed_BHLD


def _bias(mask: Tensor, num_groups: int, heads: int, length: int, dtype: torch.dtype) -> Tensor:
    """The mask, added to scores: `[B * G, R * L, K]`, B and G 1 where all are alike."""
    bias = additive_mask(mask, dtype)
    if bias.dim() == 2:
        return bias.repeat(heads, 1)[None]
    batch, _, _, num_keys = bias.shape
    return bias[:, :, None].expand(batch, num_groups, heads, length, num_keys).reshape(-1, heads * length, num_keys)
