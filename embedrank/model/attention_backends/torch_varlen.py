"""PyTorch's own attention over packed sequences, which brings FlashAttention's kernels without another package.

It came with torch 2.10 and its arguments changed since; it is used only where the ones that we need are there.

Source: https://docs.pytorch.org/docs/stable/nn.attention.varlen.html
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from embedrank.model.attention_backends.varlen import VarlenPlan, half_precision_obstacle

_MODULE = "torch.nn.attention.varlen"
_NEEDED = frozenset({"cu_seq_q", "cu_seq_k", "max_q", "max_k", "window_size", "enable_gqa"})
_ALL, _CAUSAL = (-1, -1), (-1, 0)  # how many keys to the left and to the right are seen; -1 for no limit


class TorchVarlenAttention:
    """`torch.nn.attention.varlen`; trains."""

    name = "torch_varlen"

    def obstacle(self, *, device: torch.device, dtype: torch.dtype, head_dim: int) -> str | None:
        """As `AttentionBackend.obstacle`."""
        found = half_precision_obstacle(device=device, dtype=dtype, head_dim=head_dim)
        if found is None and _function() is None:
            found = f"needs a torch whose {_MODULE} takes window_size and enable_gqa, and this is {torch.__version__}"
        return found

    def plan(
        self,
        lengths: Sequence[int],
        *,
        is_causal: bool,
        num_prefix: int = 0,
        max_padding: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> VarlenPlan:
        """As `AttentionBackend.plan`."""
        return VarlenPlan.of(_kernel, lengths, is_causal=is_causal, num_prefix=num_prefix, device=device)


def _kernel(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    *,
    query_bounds_E: Tensor,
    key_bounds_E: Tensor,
    max_queries: int,
    max_keys: int,
    is_causal: bool,
) -> Tensor:
    """As `VarlenKernel`."""
    function = _function()
    assert function is not None, "chosen although it cannot run"
    mixed: Tensor = function(
        queries,
        keys,
        values,
        cu_seq_q=query_bounds_E,
        cu_seq_k=key_bounds_E,
        max_q=max_queries,
        max_k=max_keys,
        window_size=_CAUSAL if is_causal else _ALL,
        enable_gqa=queries.shape[1] != keys.shape[1],
    )
    return mixed


@cache
def _function() -> Callable[..., Any] | None:
    """`varlen_attn`, or None where it is missing or takes other arguments."""
    try:
        function: Callable[..., Any] | None = getattr(importlib.import_module(_MODULE), "varlen_attn", None)
    except ImportError:
        return None
    if function is None or not set(inspect.signature(function).parameters) >= _NEEDED:
        return None
    return function
