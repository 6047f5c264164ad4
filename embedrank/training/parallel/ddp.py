"""Whole weights on every device, gradients averaged while the way back still runs (DistributedDataParallel)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


class _Compute(nn.Module):
    """Holds a model's parameters and runs whatever uses them: objectives call more of a model than its forward."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, compute: Callable[[], Tensor]) -> Tensor:
        """The result of `compute`."""
        return compute()


class Replicated:
    """The strategy of DDP. Ways back outside `synchronised` add to the gradients of this process only."""

    equal_passes = False

    def __init__(self, module: nn.Module) -> None:
        """Take the weights of rank 0 everywhere.

        Args:
            module: Every parameter that learns; changed in place.
        """
        device: torch.device = next(module.parameters()).device
        devices = [device.index] if device.type == "cuda" else None
        self._replica = DistributedDataParallel(_Compute(module), device_ids=devices)

    def synchronised(self, compute: Callable[[], Tensor]) -> Tensor:
        """As `Strategy.synchronised`."""
        result: Tensor = self._replica(compute)
        return result

    def settle(self) -> None:
        """As `Strategy.settle`."""
