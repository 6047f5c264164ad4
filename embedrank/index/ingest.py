"""Finds files and reads them: a lazy stream of documents, and of everything left out with the reason."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from embedrank.core.errors import DocumentReadError, InvalidInputError
from embedrank.core.types import Document, Skipped
from embedrank.index.manifest import MANIFEST_NAME
from embedrank.index.readers import reader_for

_FOLDERS_LEFT_OUT: Final = frozenset(
    {"node_modules", "__pycache__", "site-packages", "venv", "env", "target", "bower_components"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestConfig:
    """What is looked at.

    Attributes:
        hidden: Whether names that begin with a dot are entered; roots named by the caller always are.
        folders_left_out: Names of folders that hold no documents; virtual environments and indexes are known
            by what they hold.
    """

    hidden: bool = False
    folders_left_out: frozenset[str] = _FOLDERS_LEFT_OUT


def absolute(path: Path | str) -> Path:
    """A path as it is stored: absolute, with links kept."""
    return Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - Path.resolve would follow links


def find_files(paths: Sequence[Path | str], config: IngestConfig | None = None) -> Iterator[Path | Skipped]:
    """Find the files under some roots.

    Args:
        paths: Files and folders.
        config: What is looked at.

    Returns:
        Absolute paths sorted within each folder, and what could not be entered. A file reached twice comes once.

    Raises:
        InvalidInputError: If a path does not exist; before anything is found.
    """
    roots = [absolute(path) for path in paths]
    for root in roots:
        if not os.path.lexists(root):
            raise InvalidInputError(str(root), "there is no such file or folder")
    return _found(roots, config or IngestConfig())


def read_file(path: Path) -> Iterator[Document | Skipped]:
    """Read one file.

    Args:
        path: The file.

    Yields:
        Its documents; or, where it cannot be read, why.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DocumentReadError(path, "is no regular file")
        yield from reader_for(path)(path)
    except DocumentReadError as error:
        yield Skipped(name=path.as_posix(), reason=error.problem)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        yield Skipped(name=path.as_posix(), reason=reason.lower())


def walk(paths: Sequence[Path | str], config: IngestConfig | None = None) -> Iterator[Document | Skipped]:
    """Read all files under some roots.

    Args:
        paths: Files and folders.
        config: What is looked at.

    Returns:
        Documents in the order of their paths, and everything left out with the reason.

    Raises:
        InvalidInputError: If a path does not exist; before anything is read.
    """
    files = find_files(paths, config)
    return (item for found in files for item in ([found] if isinstance(found, Skipped) else read_file(found)))


def _found(roots: Sequence[Path], config: IngestConfig) -> Iterator[Path | Skipped]:
    seen: set[tuple[int, int]] = set()
    for root in roots:
        yield from _enter(root, config, seen)


def _enter(path: Path, config: IngestConfig, seen: set[tuple[int, int]]) -> Iterator[Path | Skipped]:
    """The files in one folder and below, or the file itself; nothing twice, so that loops of links end."""
    try:
        status = path.stat()
        identity = (status.st_dev, status.st_ino)
        if identity in seen:
            return
        seen.add(identity)
        if not stat.S_ISDIR(status.st_mode):
            yield path
            return
        names = sorted(os.listdir(path))  # noqa: PTH208 - names only
    except OSError as error:
        yield Skipped(name=path.as_posix(), reason=(error.strerror or str(error)).lower())
        return
    for name in names:
        child = path / name
        if (config.hidden or not name.startswith(".")) and not (child.is_dir() and _left_out(child, config)):
            yield from _enter(child, config, seen)


def _left_out(folder: Path, config: IngestConfig) -> bool:
    try:
        own = (folder / "pyvenv.cfg").exists() or (folder / MANIFEST_NAME).exists()
    except OSError:
        own = False
    return own or folder.name in config.folders_left_out or folder.suffix == ".lance"
