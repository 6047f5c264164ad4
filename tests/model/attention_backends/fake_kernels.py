"""Stand-ins for kernels that need a GPU: they refuse what the real ones refuse, and compute by the plain formula."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from unittest import mock

import torch
from torch import Tensor

from embedrank.model.attention_backends import torch_varlen
from embedrank.model.attention_backends.plain import softmax_attention


def packed_attention(
    queries: Tensor, keys: Tensor, values: Tensor, query_bounds: Tensor, key_bounds: Tensor, longest: tuple[int, int]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """The sequences of a call, after the checks that FlashAttention's C++ code makes (`mha_varlen_fwd`)."""
    for states, bounds in ((queries, query_bounds), (keys, key_bounds), (values, key_bounds)):
        assert states.dim() == 3 and states.stride(-1) == 1
        assert bounds.dtype == torch.int32 and bounds.is_contiguous() and bounds.device == states.device
        assert bounds[0] == 0 and bounds[-1] == len(states) and (bounds.diff() > 0).all()
    assert queries.dtype == keys.dtype == values.dtype
    assert len(query_bounds) == len(key_bounds)
    assert queries.shape[1] % keys.shape[1] == 0 and keys.shape == values.shape
    assert all(type(length) is int for length in longest)
    assert query_bounds.diff().max() <= longest[0] and key_bounds.diff().max() <= longest[1]
    for index in range(len(query_bounds) - 1):
        rows = slice(int(query_bounds[index]), int(query_bounds[index + 1]))
        seen = slice(int(key_bounds[index]), int(key_bounds[index + 1]))
        yield queries[rows], keys[seen], values[seen]


def flash_attn_varlen_func(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens_q: Tensor,
    cu_seqlens_k: Tensor,
    max_seqlen_q: int,
    max_seqlen_k: int,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: Tensor | None = None,
    deterministic: bool = False,
    return_attn_probs: bool = False,
    block_table: Tensor | None = None,
) -> Tensor:
    """The signature of flash-attn 2.8."""
    parts = packed_attention(q, k, v, cu_seqlens_q, cu_seqlens_k, (max_seqlen_q, max_seqlen_k))
    return torch.cat([softmax_attention(*part, is_causal=causal) for part in parts])


def varlen_attn(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cu_seq_q: Tensor,
    cu_seq_k: Tensor | None,
    max_q: int,
    max_k: int,
    *,
    return_aux: object = None,
    scale: float | None = None,
    window_size: tuple[int, int] = (-1, -1),
    enable_gqa: bool = False,
    seqused_k: Tensor | None = None,
    block_table: Tensor | None = None,
    num_splits: int | None = None,
) -> Tensor:
    """The signature of torch 2.13."""
    assert enable_gqa or query.shape[1] == key.shape[1]
    assert cu_seq_k is not None and window_size in ((-1, -1), (-1, 0))
    parts = packed_attention(query, key, value, cu_seq_q, cu_seq_k, (max_q, max_k))
    return torch.cat([softmax_attention(*part, is_causal=window_size == (-1, 0)) for part in parts])


@contextmanager
def fake_flash_attn(version: str = "2.8.3", **attributes: object) -> Iterator[None]:
    """A `flash_attn` that can be imported."""
    module = ModuleType("flash_attn")
    module.__dict__.update({"__version__": version, "flash_attn_varlen_func": flash_attn_varlen_func, **attributes})
    before = sys.modules.get("flash_attn")
    sys.modules["flash_attn"] = module  # not by patch.dict, which would also forget what torch imports meanwhile
    try:
        yield
    finally:
        if before is None:
            del sys.modules["flash_attn"]
        else:
            sys.modules["flash_attn"] = before


@contextmanager
def fake_torch_varlen() -> Iterator[None]:
    """PyTorch's function, computing on CPU."""
    with mock.patch.object(torch_varlen, "_function", lambda: varlen_attn):
        yield
