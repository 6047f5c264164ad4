"""Activation checkpointing: layers keep their inputs only and are computed again on the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from embedrank.core.errors import ConfigError


def recompute_layers(module: nn.Module) -> None:
    """Trade a second forward pass for the memory of the layers' activations. Results stay the same to the bit.

    Args:
        module: Its layers are in `layers`; changed in place, before it is sharded.

    Raises:
        ConfigError: If it has no layers.
    """
    layers = getattr(module, "layers", None)
    if not isinstance(layers, nn.ModuleList):
        raise ConfigError("LoopConfig", "recompute", True, f"{type(module).__name__} has no layers")
    for layer in layers:
        if not isinstance(layer.forward, _Recomputed):  # an earlier stage may have done it
            layer.forward = _Recomputed(layer.forward)


class _Recomputed:
    """A layer's forward under `torch.utils.checkpoint`."""

    def __init__(self, forward: Callable[..., Any]) -> None:
        self._forward = forward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():
            return self._forward(*args, **kwargs)
        return checkpoint(self._forward, *args, use_reentrant=False, **kwargs)
