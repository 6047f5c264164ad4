"""A small file that is replaced in one step and is on disk when that has happened."""

from __future__ import annotations

import os
from pathlib import Path


def replace_durably(path: Path, text: str) -> None:
    """Put a text in the place of a file's, so that a kill or a full disk leaves the one or the other whole.

    Args:
        path: The file; may be missing, its folder may not.
        text: What it shall hold, written as UTF-8.

    Raises:
        OSError: If it cannot be written; the file is as it was.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
