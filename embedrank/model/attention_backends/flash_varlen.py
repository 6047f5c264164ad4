"""FlashAttention from its own package: version 3 on Hopper where installed, else version 2.

Both are called by the arguments that their versions share. Version 3 (`flash_attn_interface`) is built from source;
version 2 is the package `flash-attn`. Early builds of version 3 return the log-sum-exp beside the result.

Source: https://github.com/Dao-AILab/flash-attention; arXiv 2307.08691, arXiv 2407.08608.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from embedrank.model.attention_backends.varlen import VarlenPlan, half_precision_obstacle

FLASH_2, FLASH_3 = "flash_attn", "flash_attn_interface"
OLDEST = (2, 5)  # bottom-right causal masks came with 2.1; older than this was never looked at
_HOPPER = 9


class FlashVarlenAttention:
    """FlashAttention over packed sequences; trains."""

    name = "flash_varlen"

    def obstacle(self, *, device: torch.device, dtype: torch.dtype, head_dim: int) -> str | None:
        """As `AttentionBackend.obstacle`."""
        found = half_precision_obstacle(device=device, dtype=dtype, head_dim=head_dim)
        return found or _packaging_obstacle(_modules(device))

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
        kernel = _Kernel(_function(_modules(torch.device(device))))
        return VarlenPlan.of(kernel, lengths, is_causal=is_causal, num_prefix=num_prefix, device=device)


class _Kernel:
    """The package's function behind our names."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(
        self,
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
        mixed = self._function(
            queries,
            keys,
            values,
            cu_seqlens_q=query_bounds_E,
            cu_seqlens_k=key_bounds_E,
            max_seqlen_q=max_queries,
            max_seqlen_k=max_keys,
            causal=is_causal,
        )
        result: Tensor = mixed[0] if isinstance(mixed, tuple) else mixed
        return result


def _modules(device: torch.device) -> tuple[str, ...]:
    """Modules to try, best first; version 3 has kernels for Hopper only."""
    is_hopper = device.type == "cuda" and torch.cuda.get_device_capability(device)[0] == _HOPPER
    return (FLASH_3, FLASH_2) if is_hopper else (FLASH_2,)


def _function(names: tuple[str, ...]) -> Callable[..., Any]:
    """The first module's function; an ImportError, the last module's, where none can be imported."""
    for name in names[:-1]:
        try:
            return _varlen(name)
        except ImportError:
            continue
    return _varlen(names[-1])


def _varlen(name: str) -> Callable[..., Any]:
    module = importlib.import_module(name)
    function: Callable[..., Any] | None = getattr(module, "flash_attn_varlen_func", None)
    if function is None:
        raise ImportError(f"{name} has no flash_attn_varlen_func")
    version = str(getattr(module, "__version__", ""))
    if name == FLASH_2 and _release(version) < OLDEST:
        raise ImportError(f"{name} {version or 'of unknown version'} is older than {OLDEST[0]}.{OLDEST[1]}")
    return function


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _packaging_obstacle(names: tuple[str, ...]) -> str | None:
    try:
        _function(names)
    except ModuleNotFoundError as error:
        if error.name == names[-1]:
            return "needs the package flash-attn, which is not installed (pip install embedrank[gpu])"
        return f"needs the package flash-attn, which cannot be imported: {error}"
    except (ImportError, OSError) as error:
        return f"needs the package flash-attn, which cannot be imported: {error}"
    return None
