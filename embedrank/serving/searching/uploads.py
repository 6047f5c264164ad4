"""The folder of uploaded files: names are reduced to what can do no harm, and nothing is written outside it."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

from embedrank.core.errors import InvalidInputError
from embedrank.core.storing import storing
from embedrank.core.types import Document, Skipped
from embedrank.index.ingest import read_file

UPLOADS: Final = "uploads"
_MAX_FOLDERS: Final = 8
_MAX_NAME_BYTES: Final = 120
_HARMLESS: Final = re.compile(r"[^\w .,+@()\[\]-]")
_PART: Final = ".part"


def safe_name(name: str) -> str:
    """Reduce the name of an uploaded file to a relative path that stays where it is put.

    Args:
        name: As the client gives it; folders may be in it, with slashes either way.

    Returns:
        Up to a few folders and a name, joined by `/`; no part is empty, is `.` or `..`, begins with a dot, or holds
        anything but letters, digits and a few signs.
    """
    parts = [_safe_part(part) for part in unicodedata.normalize("NFC", name).replace("\\", "/").split("/")]
    kept = [part for part in parts if part][-_MAX_FOLDERS:]
    return "/".join(kept) or "file"


def _safe_part(part: str) -> str:
    reduced = _HARMLESS.sub("_", part).strip(" .")
    stem, dot, suffix = reduced.rpartition(".")
    if len(reduced.encode()) <= _MAX_NAME_BYTES:
        return reduced
    suffix = suffix if dot and len(suffix) <= 10 else ""
    return (
        (stem if suffix else reduced).encode()[: _MAX_NAME_BYTES - 16].decode(errors="ignore")
        + dot * bool(suffix)
        + suffix
    )


class Uploads:
    """Takes files in, reads them as documents, and removes them again."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made with the first file.

        Args:
            folder: Where files are put.
        """
        self.folder = folder

    def place(self, name: str) -> Path:
        """Where a file of that reduced name lies.

        Args:
            name: As `safe_name` gives it.

        Returns:
            A path below the folder.

        Raises:
            InvalidInputError: If it would lie outside, such as through a link.
        """
        root = self.folder.resolve()
        place = (root / name).resolve()
        if root not in place.parents:
            raise InvalidInputError("file name", f"{name!r} leads out of the folder of uploads")
        return place

    def take(self, name: str, content: BinaryIO) -> None:
        """Put a file in its place, whole or not at all.

        Args:
            name: As `safe_name` gives it; a file of that name is replaced.
            content: Read from its start.

        Raises:
            StorageError: If it cannot be written.
        """
        place = self.place(name)
        draft = place.with_name(f".{place.name}{_PART}")
        with storing(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                with draft.open("wb") as file:
                    content.seek(0)
                    shutil.copyfileobj(content, file, 1 << 20)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(place)
            finally:
                draft.unlink(missing_ok=True)

    def read(self, name: str) -> Iterator[Document | Skipped]:
        """The documents of a file, named after it and not after where the server keeps it.

        Args:
            name: As `safe_name` gives it.

        Yields:
            Documents, and what could not be read, with the reason.
        """
        place = self.place(name)
        own, shown = place.as_posix(), stored_path(name)
        for item in read_file(place):
            if isinstance(item, Skipped):
                yield replace(item, name=item.name.replace(own, shown))
            else:
                yield replace(item, id=item.id.replace(own, shown), path=shown)

    def remove(self, path: str) -> None:
        """Remove the file that a stored path names; one that is gone, or was no upload, is passed over.

        Args:
            path: Path of a document.
        """
        folder, _, name = path.partition("/")
        if folder == UPLOADS and name and safe_name(name) == name:
            self.place(name).unlink(missing_ok=True)


def stored_path(name: str) -> str:
    """The path under which documents of an uploaded file are stored."""
    return f"{UPLOADS}/{name}"
