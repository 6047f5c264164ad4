"""Where something large is written: free, with room, and there whole or not at all."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from embedrank.core.errors import StorageError


def require_new(target: Path) -> None:
    """Refuse what is there already.

    Args:
        target: A folder or file.

    Raises:
        StorageError: If it exists.
    """
    if target.exists():
        raise StorageError(target, "exists already; choose another name or remove it")


def require_parent(target: Path) -> None:
    """Refuse a place that does not exist.

    Args:
        target: A folder or file.

    Raises:
        StorageError: If its folder is missing.
    """
    if not target.parent.is_dir():
        raise StorageError(target.parent, "no such folder; make it first")


def require_room(target: Path, num_bytes: int) -> None:
    """Refuse a disk that is too full.

    Args:
        target: A folder or file, whose folder is there.
        num_bytes: What it will take.

    Raises:
        StorageError: If less is free.
    """
    free = shutil.disk_usage(target.parent).free
    if num_bytes > free:
        raise StorageError(
            target, f"needs about {num_bytes / 1e9:.1f} GB, {free / 1e9:.1f} GB are free; make room first"
        )


def partial_of(target: Path) -> Path:
    """The name beside a target under which it is written; a file keeps its suffix, which libraries look at."""
    return target.with_name(f"{target.stem}.partial{target.suffix}")


@contextmanager
def written_whole(target: Path, what: str) -> Iterator[Path]:
    """A name beside the target that becomes the target if the block ends well, and is removed if it does not.

    Args:
        target: A folder or file that is not there.
        what: What is written, for the error.

    Yields:
        The name to write under; nothing is there.

    Raises:
        StorageError: If the block or the renaming meets trouble with the disk.
    """
    partial = partial_of(target)
    remove(partial)
    try:
        yield partial
        partial.rename(target)
    except (OSError, SafetensorError) as error:
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        raise StorageError(target, f"{what} not written: {error}" + ("; make room first" if full else "")) from error
    finally:
        remove(partial)  # also after Ctrl-C: half of it must not stay


def remove(path: Path) -> None:
    """Remove a folder or file, or nothing."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
