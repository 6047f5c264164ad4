"""The ways of training on several devices, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from torch import nn

from embedrank.core.errors import ConfigError
from embedrank.training.parallel.alone import Alone
from embedrank.training.parallel.strategy import Strategy
from embedrank.training.parallel.world import World


def _replicated(module: nn.Module, bf16: bool) -> Strategy:
    from embedrank.training.parallel.ddp import Replicated

    return Replicated(module)


def _sharded(module: nn.Module, bf16: bool) -> Strategy:
    from embedrank.training.parallel.fsdp import Sharded

    return Sharded(module, bf16=bf16)


STRATEGIES: Final[Mapping[str, Callable[[nn.Module, bool], Strategy]]] = MappingProxyType(
    {"none": lambda module, bf16: Alone(), "ddp": _replicated, "fsdp": _sharded}
)
"""Name to maker; makers take the module and whether weights are gathered in bfloat16."""


def choose_strategy(name: str, module: nn.Module, *, gather_bf16: bool = False) -> Strategy:
    """Prepare a module for the processes of this run.

    Args:
        name: A key of `STRATEGIES`.
        module: Every parameter that learns; changed in place.
        gather_bf16: Whether sharded weights are gathered in bfloat16.

    Returns:
        The strategy.

    Raises:
        ConfigError: If the name does not suit the number of processes.
    """
    world = World.current()
    if name == "none" and world.size > 1:
        raise ConfigError("LoopConfig", "parallel", name, f"{world.size} processes need ddp or fsdp")
    if name != "none" and world.size == 1 and not _can_exchange():
        raise ConfigError("LoopConfig", "parallel", name, "needs processes started by torchrun")
    return STRATEGIES[name](module, gather_bf16)


def _can_exchange() -> bool:
    from torch import distributed

    return distributed.is_available() and distributed.is_initialized()
