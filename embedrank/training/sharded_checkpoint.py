"""Checkpoints of several processes: each writes its shards, any number of processes reads them.

    shards/          weights, moments and averages (torch.distributed.checkpoint)
    process-R.pt     random state of process R
    run.pt           what all share: step, place in the data

All processes must see the same folder. The first one renames it when all have written theirs.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from embedrank.core.errors import StorageError
from embedrank.training.checkpoint import RUN, places_of, put_in_place, read_whole, write_whole
from embedrank.training.parallel.world import World

_SHARDS = "shards"
_PROCESS = "process-{rank}.pt"


def save_sharded(
    folder: Path,
    step: int,
    *,
    tensors: Mapping[str, Tensor],
    own: dict[str, Any],
    shared: dict[str, Any],
    keep: int = 2,
) -> Path:
    """Write a checkpoint together with all other processes and remove the oldest ones.

    Args:
        folder: Folder of the run, the same for all.
        step: Steps done.
        tensors: Tensors by name, sharded or the same everywhere.
        own: What only this process knows.
        shared: What all know alike.
        keep: Number of checkpoints kept.

    Returns:
        The folder written.

    Raises:
        StorageError: On all processes, if one cannot write; earlier checkpoints are untouched.
    """
    from torch.distributed.checkpoint.state_dict_saver import save

    final, partial = places_of(folder, step)
    world = World.current()

    def begin() -> None:
        if world.is_first:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)

    def write() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about how it works inside
            save(dict(tensors), checkpoint_id=partial / _SHARDS)
        write_whole(partial / _PROCESS.format(rank=world.rank), own)

    def finish() -> None:
        if world.is_first:
            write_whole(partial / RUN, shared)
            put_in_place(partial, final, keep=keep)

    try:
        for act in (begin, write, finish):
            _together(act, world, final)
    except StorageError:
        if world.is_first:
            shutil.rmtree(partial, ignore_errors=True)
        raise
    return final


def load_sharded(path: Path, tensors: Mapping[str, Tensor]) -> tuple[dict[str, Any], dict[str, Any] | None, set[str]]:
    """Read a checkpoint into tensors, however many processes wrote it.

    Args:
        path: From `newest_checkpoint`.
        tensors: Tensors by name, to be overwritten in place; each process gets its shards.

    Returns:
        What all processes share, what this one knew (None if there was no such process), and all names written.

    Raises:
        StorageError: If it cannot be read.
    """
    from torch.distributed.checkpoint.api import CheckpointException
    from torch.distributed.checkpoint.filesystem import FileSystemReader
    from torch.distributed.checkpoint.state_dict_loader import load

    world = World.current()
    own = path / _PROCESS.format(rank=world.rank)
    try:
        known = FileSystemReader(path / _SHARDS).read_metadata().state_dict_metadata
        found = {name: tensor for name, tensor in tensors.items() if name in known}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load(found, checkpoint_id=path / _SHARDS, no_dist=world.size == 1)
    except (Exception, CheckpointException) as error:
        raise StorageError(path, f"checkpoint cannot be read: {_reason(error)}") from error
    return read_whole(path / RUN), read_whole(own) if own.is_file() else None, set(known)


def _together(act: Callable[[], None], world: World, final: Path) -> None:
    """Act, wait for all others, and fail on all where one has failed."""
    from torch.distributed.checkpoint.api import CheckpointException

    problem = ""
    try:
        act()
    except (Exception, CheckpointException) as error:
        problem = f"process {world.rank}: {_reason(error)}"
    if problems := [told for told in world.of_all(problem) if told]:
        raise StorageError(final, f"checkpoint not written: {'; '.join(problems)}")


def _reason(error: BaseException) -> str:
    """An error in one line; PyTorch's own holds those of all processes, each with its traceback."""
    failures = getattr(error, "failures", None)
    return "; ".join(str(failure) for failure, _ in failures.values()) if failures else str(error)
