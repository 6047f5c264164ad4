"""Everything that a run needs to go on: weights, moments, averages, random state, place in the data.

Checkpoints of one process and of several hold the same things; a run of any number of processes reads both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from embedrank.core.errors import StorageError
from embedrank.training.batches import Batches
from embedrank.training.checkpoint import STATE, newest_checkpoint, read_whole, save_checkpoint
from embedrank.training.ema import WeightAverage
from embedrank.training.optimizer import moments
from embedrank.training.parallel.world import World
from embedrank.training.random_state import RandomState
from embedrank.training.sharded_checkpoint import load_sharded, save_sharded


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """The parts of a run that change, saved and restored together.

    Attributes:
        module: The weights.
        optimizer: Its memory and rates.
        batches: The place in the data.
        average: Averaged weights, if they are kept.
        in_shards: Whether checkpoints are written as shards.
    """

    module: nn.Module
    optimizer: torch.optim.AdamW
    batches: Batches
    average: WeightAverage | None
    in_shards: bool

    def save(self, folder: Path, step: int) -> Path:
        """Write a checkpoint; all processes call it together.

        Args:
            folder: Folder of the run.
            step: Steps done.

        Returns:
            The folder written.
        """
        shared = {"step": step, "mixture": self.batches.state()}
        random = RandomState.taken(self._device)
        own = {"generator": random.processor, "gpu_generator": random.gpu}
        if self.in_shards:
            return save_sharded(folder, step, tensors=self._tensors(), own=own, shared=shared)
        whole = {
            "module": self._weights(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.tensors if self.average else None,
        }
        return save_checkpoint(folder, step, {**shared, **own, **whole})

    def resume(self, folder: Path) -> int:
        """Go on from the newest checkpoint; all processes call it together.

        Args:
            folder: Folder of the run.

        Returns:
            Steps done; 0 where there is no checkpoint.

        Raises:
            StorageError: If the checkpoint lacks something or cannot be read.
        """
        newest = World.current().of_all(newest_checkpoint(folder))[0]
        if newest is None:
            return 0
        tensors = self._tensors()
        if (newest / STATE).is_file():
            shared = self._fill_from_whole(newest, tensors)
            own = shared if World.current().is_first else None
        else:
            shared, own, known = load_sharded(newest, tensors)
            self._check(newest, set(tensors), known)
            if self.average is not None and not any(name.startswith("average.") for name in known):
                self.average.restart()
        self.batches.restore(shared["mixture"])
        if own is not None:  # a process that was not there before keeps the state it was seeded with
            RandomState(processor=own["generator"], gpu=own.get("gpu_generator")).put_back(self._device)
        return int(shared["step"])

    @property
    def _device(self) -> torch.device:
        return next(self.module.parameters()).device

    def _weights(self) -> dict[str, Tensor]:
        """All weights; where some are frozen, as beside adapters, those that learn: the others are in the base."""
        frozen = [name for name, parameter in self.module.named_parameters() if not parameter.requires_grad]
        if not frozen:
            return dict(self.module.state_dict())
        learning = {name for name, parameter in self.module.named_parameters() if parameter.requires_grad}
        return {name: tensor for name, tensor in self.module.state_dict().items() if name in learning}

    def _tensors(self) -> dict[str, Tensor]:
        parts: dict[str, Mapping[str, Tensor]] = {
            "module": self._weights(),
            "optimizer": moments(self.optimizer, self.module),
            "average": self.average.tensors if self.average else {},
        }
        return {f"{part}.{name}": tensor for part, tensors in parts.items() for name, tensor in tensors.items()}

    def _fill_from_whole(self, newest: Path, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        state = read_whole(newest / STATE)
        saved = {f"module.{name}": tensor for name, tensor in state["module"].items()}
        saved.update({f"average.{name}": tensor for name, tensor in (state.get("average") or {}).items()})
        # Moments are numbered, not named: their names are those of this module, once its weights are known to fit.
        self._check(newest, {name for name in tensors if not name.startswith("optimizer.")}, set(saved))
        for number, name in enumerate(self._names_by_group()):
            for key, tensor in state["optimizer"]["state"].get(number, {}).items():
                saved[f"optimizer.{name}.{key}"] = tensor
        for name, tensor in tensors.items():
            if name in saved:
                _fill(tensor, saved[name], name)
        if self.average is not None and not state.get("average"):
            self.average.restart()
        return state

    def _names_by_group(self) -> list[str]:
        """Parameter names in the order in which the optimiser numbers them."""
        names = {parameter: name for name, parameter in self.module.named_parameters()}
        return [names[parameter] for group in self.optimizer.param_groups for parameter in group["params"]]

    def _check(self, newest: Path, ours: set[str], known: set[str]) -> None:
        """Averages may be new, or no longer kept; nothing else may be missing, and no weight too much."""
        if lacking := sorted(name for name in ours - known if not name.startswith("average.")):
            raise StorageError(newest, f"checkpoint of another model: it lacks {lacking[0]}")
        if foreign := sorted(name for name in known - ours if name.startswith("module.")):
            raise StorageError(newest, f"checkpoint of another model: it has {foreign[0]}")


@torch.no_grad()
def _fill(target: Tensor, whole: Tensor, name: str) -> None:
    """Copy a whole tensor into one that may be sharded; every process has read the whole."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    if whole.shape != target.shape:
        raise StorageError("checkpoint", f"{name} has shape {tuple(whole.shape)}, the model {tuple(target.shape)}")
    if isinstance(target, DTensor):
        whole = distribute_tensor(whole.to(target.device), target.device_mesh, target.placements, src_data_rank=None)
    target.copy_(whole)
