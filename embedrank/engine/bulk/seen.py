"""Which texts have been met in this run, on disk: memory stays bounded however many there are."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from embedrank.core.errors import StorageError

_DIGEST_BYTES: Final = 16  # two of a thousand million texts meet with a chance of 1e-21
_CACHE_KIB: Final = 64 * 1024


class SeenOnDisk:
    """Digest of a text to its place among the distinct texts, in one SQLite file that only one process may hold."""

    @classmethod
    def open(cls, path: Path, *, restart: bool) -> SeenOnDisk:
        """Open the file and keep others out of it.

        Args:
            path: The file; made where it is not there.
            restart: Whether a damaged one may be thrown away.

        Returns:
            The open file.

        Raises:
            StorageError: If another process holds it, or it is damaged.
        """
        try:
            return cls(path)
        except StorageError as error:
            if not restart or isinstance(error.__cause__, sqlite3.OperationalError):
                raise
            for damaged in path.parent.glob(f"{path.name}*"):
                damaged.unlink()
            return cls(path)

    def __init__(self, path: Path) -> None:
        """Open the file and keep others out of it.

        Args:
            path: The file; made where it is not there.

        Raises:
            StorageError: If another process holds it, or it is no such file.
        """
        self._path = path
        self._connection = sqlite3.connect(path, timeout=0.5, isolation_level=None)
        try:
            self._run("PRAGMA locking_mode = EXCLUSIVE")
            self._run("PRAGMA journal_mode = WAL")
            self._run("PRAGMA synchronous = NORMAL")
            self._run(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._run("BEGIN IMMEDIATE")
            self._run("CREATE TABLE IF NOT EXISTS seen (digest BLOB PRIMARY KEY, place INTEGER) WITHOUT ROWID")
        except StorageError:
            self._connection.close()
            raise
        self._num_places = 0

    def rewind(self, num_places: int) -> None:
        """Forget all texts but the first ones.

        Args:
            num_places: Distinct texts that stay known.
        """
        self._run("DELETE FROM seen WHERE place >= ?" if num_places else "DELETE FROM seen", num_places or None)
        self._num_places = num_places
        self.commit()

    def places_of(self, texts: Sequence[str]) -> tuple[list[int], list[str]]:
        """Look texts up and remember the new ones.

        Args:
            texts: The texts of a chunk.

        Returns:
            For each text its place among the distinct ones, from 0; and the texts that were new.
        """
        places, new = [], []
        for text in texts:
            digest = hashlib.blake2b(text.encode("utf-8"), digest_size=_DIGEST_BYTES).digest()
            known = self._connection.execute("SELECT place FROM seen WHERE digest = ?", (digest,)).fetchone()
            if known is None:
                self._run("INSERT INTO seen VALUES (?, ?)", digest, self._num_places)
                known = (self._num_places,)
                new.append(text)
                self._num_places += 1
            places.append(known[0])
        return places, new

    def commit(self) -> None:
        """Make durable what was remembered."""
        self._run("COMMIT")
        self._run("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Let others in."""
        self._connection.close()

    def _run(self, statement: str, *values: object) -> None:
        try:
            self._connection.execute(statement, tuple(value for value in values if value is not None))
        except sqlite3.OperationalError as error:
            problem = "another run is writing it" if "locked" in str(error) else f"cannot be written: {error}"
            raise StorageError(self._path.parent, problem) from error
        except sqlite3.DatabaseError as error:
            raise StorageError(self._path, f"is damaged: {error} (begin anew with --restart)") from error
