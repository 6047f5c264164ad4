"""Trouble with files, told as one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedrank.core.errors import StorageError


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn trouble with files inside the block into one clear error.

    Args:
        path: What is written.

    Yields:
        Nothing.

    Raises:
        StorageError: If the disk is full, or anything else the system says.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(path, f"cannot write: {error.strerror or error}") from error
