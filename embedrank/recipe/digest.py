"""Digests of files and folders, remembered as long as size and time of change of a file stay the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from embedrank.core.durable import replace_durably
from embedrank.core.errors import InvalidInputError, StorageError

_BLOCK: Final = 1 << 20


def text_digest(text: str) -> str:
    """Digest of a text, 32 hexadecimal digits."""
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


class Digests:
    """Digests files; what it knows is kept in a file between runs."""

    def __init__(self, file: Path) -> None:
        """Read what is known.

        Args:
            file: Where it is kept; a damaged one is begun anew.
        """
        self._file = file
        self._changed = False
        self._known: dict[str, list[object]] = {}
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
            self._known = known if isinstance(known, dict) else {}
        except (OSError, ValueError):
            pass

    def of(self, paths: Sequence[Path]) -> str:
        """Digest of files and folders: their contents and, below folders, their names.

        Args:
            paths: Files and folders.

        Returns:
            32 hexadecimal digits.

        Raises:
            InvalidInputError: If one is not there.
            StorageError: If one cannot be read.
        """
        parts = []
        for path in paths:
            if path.is_dir():
                files = sorted(each for each in path.rglob("*") if each.is_file())
                parts += [f"{each.relative_to(path).as_posix()} {self._of_file(each)}" for each in files]
            elif path.is_file():
                parts.append(self._of_file(path))
            else:
                raise InvalidInputError(str(path), "there is no such file or folder")
        return text_digest("\n".join(parts))

    def keep(self) -> None:
        """Write down what is known.

        Raises:
            StorageError: If it cannot be written.
        """
        if not self._changed:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_durably(self._file, json.dumps(self._known))
        except OSError as error:
            raise StorageError(self._file, f"cannot be written: {error.strerror or error}") from error
        self._changed = False

    def _of_file(self, path: Path) -> str:
        try:
            stat = path.stat()
            known = self._known.get(str(path.resolve()))
            if known is not None and known[:2] == [stat.st_size, stat.st_mtime_ns]:
                return str(known[2])
            digest = hashlib.blake2b(digest_size=16)
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        except OSError as error:
            raise StorageError(path, f"cannot be read: {error.strerror or error}") from error
        self._known[str(path.resolve())] = [stat.st_size, stat.st_mtime_ns, digest.hexdigest()]
        self._changed = True
        return digest.hexdigest()
