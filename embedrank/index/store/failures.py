"""Turns whatever the storage engine raises into one clear line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from embedrank.core.errors import EmbedrankError, StorageError

_KNOWN: Final = {
    "no space left": "the disk is full; nothing of this step was kept, free some space and run again",
    "quota exceeded": "the disk quota is used up; nothing of this step was kept, free some space and run again",
    "file too large": "a file would grow past the size limit of this process or file system",
    "read-only file system": "the file system is read-only",
    "permission denied": "permission denied",
    "operation not permitted": "permission denied",
    "too many open files": "too many open files; raise the limit (ulimit -n)",
}
_MAX_CHARS: Final = 200


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Raise `StorageError` with a plain sentence in place of any error of the storage engine.

    Args:
        path: Folder of the index, named in the error.

    Yields:
        Nothing.

    Raises:
        StorageError: If the engine or the file system refused.
    """
    try:
        yield
    except (EmbedrankError, MemoryError):
        raise
    except Exception as error:  # the engine raises OSError, RuntimeError, ValueError and its own for the same causes
        raise StorageError(path, _sentence(str(error))) from error


def _sentence(message: str) -> str:
    lowered = message.lower()
    for sign, sentence in _KNOWN.items():
        if sign in lowered:
            return sentence
    first = " ".join(message.split())[:_MAX_CHARS]
    return f"the index is damaged or incomplete; build it again, or delete it first ({first})"
