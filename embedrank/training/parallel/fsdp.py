"""Weights, gradients and optimiser state in shards, each layer gathered when it is needed (FSDP2)."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import (
    FSDPModule,
    MixedPrecisionPolicy,
    fully_shard,
    register_fsdp_forward_method,
)

from embedrank.core.errors import ConfigError

# What objectives call beside forward; FSDP gathers weights before forward only, unless told.
_LAYER_METHODS = ("keys_values",)
_ROOT_METHODS = ("prefill", "all_positions")


class Sharded:
    """The strategy of FSDP2: every layer is a shard group, the rest of the model another."""

    equal_passes = True

    def __init__(self, module: nn.Module, *, bf16: bool = False) -> None:
        """Take the weights of rank 0 everywhere, then keep only this process's shards.

        Args:
            module: Every parameter that learns, its layers in `layers`; changed in place.
            bf16: Whether layers are gathered and computed in bfloat16; gradients are summed in float32 in any case.

        Raises:
            ConfigError: If the module has no layers.
        """
        layers = getattr(module, "layers", None)
        if not isinstance(layers, nn.ModuleList):
            raise ConfigError("LoopConfig", "parallel", "fsdp", f"{type(module).__name__} has no layers; use ddp")
        if not isinstance(module, FSDPModule):  # an earlier stage may have sharded it
            _shard(module, layers, torch.bfloat16 if bf16 else None)
        self._module = module

    def synchronised(self, compute: Callable[[], Tensor]) -> Tensor:
        """As `Strategy.synchronised`; every way back exchanges gradients here."""
        return compute()

    def settle(self) -> None:
        """As `Strategy.settle`: the root stays gathered after a pass that has no way back."""
        for part in self._module.modules():
            if isinstance(part, FSDPModule):
                part.reshard()


def _shard(module: nn.Module, layers: nn.ModuleList, gathered: torch.dtype | None) -> None:
    mesh = init_device_mesh(next(module.parameters()).device.type, (distributed.get_world_size(),))
    for tensor in module.state_dict().values():
        distributed.broadcast(tensor, src=0)
    # Layers return keys and values, which are views; nothing changes them in place.
    warnings.filterwarnings("ignore", message="FSDP2-wrapped module .* returned a view")
    policy = MixedPrecisionPolicy(param_dtype=gathered, reduce_dtype=torch.float32)
    for layer in layers:
        fully_shard(layer, mesh=mesh, mp_policy=policy)
        _hold(layer, _LAYER_METHODS)
    fully_shard(module, mesh=mesh, mp_policy=policy)
    _hold(module, _ROOT_METHODS)


def _hold(module: nn.Module, methods: tuple[str, ...]) -> None:
    for name in methods:
        if hasattr(module, name):
            register_fsdp_forward_method(module, name)
