"""The folder of a run that can be begun again."""

from __future__ import annotations

import shutil
from pathlib import Path

from embedrank.core.errors import InvalidInputError, StorageError


def open_run_folder(folder: Path, *, marker: str, restart: bool) -> None:
    """Make the folder of a run, or throw away what an earlier run left in it.

    Args:
        folder: The folder.
        marker: A file that every run of this kind begins with; a folder without it is never thrown away.
        restart: Whether to throw away.

    Raises:
        InvalidInputError: If a folder that shall be thrown away holds something else.
        StorageError: If it cannot be written.
    """
    try:
        if restart and folder.exists():
            if not (folder / marker).is_file():
                raise InvalidInputError("--restart", f"{folder} is no folder of a run; nothing was removed")
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(folder, f"cannot be written: {error}") from error
