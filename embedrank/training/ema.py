"""A moving average of the weights, often better than the last weights of a run.

    a <- d a + (1 - d) w        after each step

Source: Averaging Weights Leads to Wider Optima and Better Generalization, arXiv 1803.05407, with a decay in place of a
uniform mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """Float32 averages of all parameters that learn; of sharded parameters, this process's shards.

    Attributes:
        tensors: Averages by parameter name.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        """Start at the weights as they are.

        Args:
            module: Its parameters must already be sharded, where they will be.
            decay: Share of the average that a step keeps, 0 to 1.
        """
        self._decay = decay
        self._parameters = {name: weight for name, weight in module.named_parameters() if weight.requires_grad}
        self.tensors: dict[str, Tensor] = {
            name: weight.detach().float().clone() for name, weight in self._parameters.items()
        }

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after a step."""
        for name, weight in self._parameters.items():
            self.tensors[name].lerp_(weight.detach().float(), 1 - self._decay)

    @torch.no_grad()
    def restart(self) -> None:
        """Start again at the weights as they are."""
        for name, weight in self._parameters.items():
            self.tensors[name].copy_(weight.detach())

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the module carry the averages inside, and its own weights again afterwards, to the bit."""
        own = {name: weight.detach().clone() for name, weight in self._parameters.items()}
        self._write(self.tensors)
        try:
            yield
        finally:
            self._write(own)

    @torch.no_grad()
    def _write(self, tensors: dict[str, Tensor]) -> None:
        for name, weight in self._parameters.items():
            weight.copy_(tensors[name])
