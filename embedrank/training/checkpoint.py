"""Saving a run so that it can go on as if it had never stopped.

A checkpoint is written beside its final name and renamed when complete; the newest complete one wins.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import torch

from embedrank.core.errors import StorageError

_NAME = "checkpoint-{step:07d}"
_STATE = "state.pt"


def save_checkpoint(folder: Path, step: int, state: dict[str, Any], *, keep: int = 2) -> Path:
    """Write a checkpoint atomically and remove the oldest ones.

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
    final = folder / _NAME.format(step=step)
    partial = final.with_suffix(".partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with (partial / _STATE).open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
    except (OSError, RuntimeError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(final, f"checkpoint not written: {error}") from error
    for old in _complete(folder)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return final


def load_latest(folder: Path) -> dict[str, Any] | None:
    """Read the newest complete checkpoint.

    Args:
        folder: Folder of the run.

    Returns:
        The saved state, or None where there is none.

    Raises:
        StorageError: If it is there but cannot be read.
    """
    checkpoints = _complete(folder)
    if not checkpoints:
        return None
    try:
        state: dict[str, Any] = torch.load(checkpoints[-1] / _STATE, map_location="cpu", weights_only=True)
    except Exception as error:
        raise StorageError(checkpoints[-1], f"checkpoint cannot be read: {error}") from error
    return state


def _complete(folder: Path) -> list[Path]:
    found = folder.glob("checkpoint-*") if folder.is_dir() else iter(())
    return sorted(path for path in found if path.suffix != ".partial" and (path / _STATE).is_file())
