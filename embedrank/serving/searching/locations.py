"""How paths of an index are shown, and how a typed path is understood. Folders of the server are nobody's business."""

from __future__ import annotations

import os
import threading
from pathlib import PurePosixPath
from typing import Final

from embedrank.search.catalogue import Catalogue

_GLOB: Final = ("*", "?")


class Locations:
    """Paths relative to the deepest folder that holds all files of the index; follows its version."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._version = -1
        self._root = ""

    def shown(self, path: str | None) -> str | None:
        """A path as clients see it.

        Args:
            path: As it is stored.

        Returns:
            Relative to the files of the index where it is absolute; None stays None.
        """
        if path is None or not path.startswith("/"):
            return path
        return os.path.relpath(path, self.root())

    def root(self) -> str:
        """The deepest folder that holds all files of the index that have an absolute path."""
        with self._lock:
            version = self._catalogue.version
            if version != self._version:
                paths = {document.path for document in self._catalogue.documents().values()}
                folders = {str(PurePosixPath(path).parent) for path in paths if path and path.startswith("/")}
                self._root = os.path.commonpath(folders) if folders else "/"
                self._version = version
            return self._root


def path_pattern(typed: str) -> str:
    """What a path filter looks for.

    Args:
        typed: A part of a path, or a pattern with `*` and `?` that has to match from some folder to the end.

    Returns:
        A pattern that matches whole stored paths.
    """
    if not any(sign in typed for sign in _GLOB):
        return f"*{typed}*"
    return typed if typed.startswith(("/", "*")) else f"*/{typed}"
