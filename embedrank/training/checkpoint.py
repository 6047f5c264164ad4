"""Saving a run so that it can go on as if it had never stopped.

A checkpoint is written beside its final name and renamed when complete; the newest complete one wins. A run of one
process writes one file, a run of several writes shards; see `sharded_checkpoint.py`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import torch

from embedrank.core.errors import StorageError

STATE = "state.pt"
RUN = "run.pt"  # what all processes of a run share; written last
_NAME = "checkpoint-{step:07d}"


def save_checkpoint(folder: Path, step: int, state: dict[str, Any], *, keep: int = 2) -> Path:
    """Write a checkpoint of one process atomically and remove the oldest ones.

    Args:
        folder: Folder of the run.
        step: Steps done.
        state: What to save; tensors and plain values.
        keep: Number of checkpoints kept.

    Returns:
        The folder written.

    Raises:
        StorageError: If it cannot be written; earlier checkpoints are untouched.
    """
    final, partial = places_of(folder, step)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        write_whole(partial / STATE, state)
        put_in_place(partial, final, keep=keep)
    except (OSError, RuntimeError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(final, f"checkpoint not written: {error}") from error
    return final


def load_latest(folder: Path) -> dict[str, Any] | None:
    """Read the newest complete checkpoint of a run of one process.

    Args:
        folder: Folder of the run.

    Returns:
        The saved state, or None where there is none.

    Raises:
        StorageError: If it is there but cannot be read.
    """
    newest = newest_checkpoint(folder)
    return None if newest is None else read_whole(newest / STATE)


def newest_checkpoint(folder: Path) -> Path | None:
    """Folder of the newest complete checkpoint of a run, or None."""
    complete = _complete(folder)
    return complete[-1] if complete else None


def places_of(folder: Path, step: int) -> tuple[Path, Path]:
    """Where a checkpoint will stand, and where it is written until it is complete."""
    final = folder / _NAME.format(step=step)
    return final, final.with_suffix(".partial")


def write_whole(path: Path, state: dict[str, Any]) -> None:
    """Write one file and wait until it is on the disk."""
    with path.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())


def read_whole(path: Path) -> dict[str, Any]:
    """Read what `write_whole` wrote, into memory of the processor.

    Args:
        path: The file.

    Returns:
        The state.

    Raises:
        StorageError: If it cannot be read.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise StorageError(path.parent, f"checkpoint cannot be read: {error}") from error
    return state


def put_in_place(partial: Path, final: Path, *, keep: int) -> None:
    """Give a complete checkpoint its name and remove the oldest ones."""
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
    for old in _complete(final.parent)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)


def _complete(folder: Path) -> list[Path]:
    found = folder.glob("checkpoint-*") if folder.is_dir() else iter(())
    return sorted(
        path for path in found if path.suffix != ".partial" and ((path / STATE).is_file() or (path / RUN).is_file())
    )
