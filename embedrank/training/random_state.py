"""The state of PyTorch's generators, taken and put back, so that a pass can be run again with the same dropout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomState:
    """Generators of the processor and, where a model is on a GPU, of that GPU."""

    processor: Tensor
    gpu: Tensor | None = None

    @classmethod
    def taken(cls, device: torch.device) -> RandomState:
        """The state now.

        Args:
            device: Where the model runs.

        Returns:
            A copy.
        """
        gpu = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        return cls(processor=torch.get_rng_state(), gpu=gpu)

    def put_back(self, device: torch.device) -> None:
        """Make it the state again."""
        torch.set_rng_state(self.processor)
        if self.gpu is not None:
            torch.cuda.set_rng_state(self.gpu, device)

    @contextmanager
    def again(self, device: torch.device) -> Iterator[None]:
        """Draw inside as was drawn from here, then go on from where the generators were before."""
        now = RandomState.taken(device)
        self.put_back(device)
        try:
            yield
        finally:
            now.put_back(device)
