"""Ways of computing attention over packed sequences, one file each, chosen by name or by what can run here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import torch

from embedrank.core.errors import InvalidInputError
from embedrank.model.attention_backends.flash_varlen import FlashVarlenAttention
from embedrank.model.attention_backends.flex import FlexAttention
from embedrank.model.attention_backends.grouped import GroupedAttention
from embedrank.model.attention_backends.native import NativeAttention
from embedrank.model.attention_backends.plain import PlainAttention
from embedrank.model.attention_backends.protocol import AttentionBackend, AttentionPlan
from embedrank.model.attention_backends.torch_varlen import TorchVarlenAttention

BACKENDS: Final[Mapping[str, AttentionBackend]] = MappingProxyType(
    {
        "flash_varlen": FlashVarlenAttention(),
        "torch_varlen": TorchVarlenAttention(),
        "native": NativeAttention(),
        "flex": FlexAttention(),
        "grouped": GroupedAttention(),
        "plain": PlainAttention(),
    }
)
"""Name to backend."""

AUTO: Final = "auto"
PREFERRED: Final = ("flash_varlen", "torch_varlen", "native", "grouped")
"""What `auto` tries, best first. The last runs everywhere."""


def choose_attention(name: str, *, device: torch.device, dtype: torch.dtype, head_dim: int) -> AttentionBackend:
    """The backend asked for, or the best one that can run.

    Args:
        name: A key of `BACKENDS`, or `auto`.
        device: Where the model is.
        dtype: Type of its queries, keys and values.
        head_dim: Size of a head.

    Returns:
        The backend.

    Raises:
        InvalidInputError: If there is no such backend, or it cannot run here; it says why, and what can.
    """
    obstacles = {
        key: backend.obstacle(device=device, dtype=dtype, head_dim=head_dim) for key, backend in BACKENDS.items()
    }
    able = [key for key, obstacle in obstacles.items() if obstacle is None]
    if name == AUTO:
        return BACKENDS[next(key for key in PREFERRED if key in able)]
    if name not in BACKENDS:
        raise InvalidInputError("attention", f"{name!r} is not one of {', '.join((AUTO, *BACKENDS))}")
    if name not in able:
        raise InvalidInputError(
            "attention", f"{name!r} {obstacles[name]}", hint=f"here: {', '.join(able)}; or leave it at {AUTO}"
        )
    return BACKENDS[name]


__all__ = ["AUTO", "BACKENDS", "PREFERRED", "AttentionBackend", "AttentionPlan", "choose_attention"]
