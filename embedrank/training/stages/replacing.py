"""A folder of a run that is written again: the earlier one stays until the new one is whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path


def replace_folder(target: Path, write: Callable[[Path], object]) -> None:
    """Write a folder beside another, then put it in its place.

    Args:
        target: The folder; may be there or not.
        write: Writes a folder that is not there.
    """
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    write(fresh)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
