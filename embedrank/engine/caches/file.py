"""Vectors in one file, for runs that are to go on where they stopped. Slower than memory, faster than any model."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedrank.core.errors import StorageError
from embedrank.core.types import EmbeddedText
from embedrank.engine.caches.record import FORMAT_VERSION, from_bytes, to_bytes

_TABLE = f"vectors_v{FORMAT_VERSION}"
_KEYS_PER_QUERY = 500  # SQLite takes 999 parameters at least
_WAIT_S = 5.0


class FileCache:
    """Keeps everything; several processes may share the file."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Args:
            path: The file; its folder has to be there.

        Raises:
            StorageError: If it cannot be made, or is no such file.
        """
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter(hits=0, misses=0, corrupt=0, errors=0, written=0)
        try:
            self._file = sqlite3.connect(path, timeout=_WAIT_S, check_same_thread=False, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute(f"CREATE TABLE IF NOT EXISTS {_TABLE} (key BLOB PRIMARY KEY, entry BLOB) WITHOUT ROWID")
        except sqlite3.Error as error:
            raise StorageError(path, f"cannot be used as a cache of vectors: {error}") from error

    def get_many(self, keys: Sequence[bytes]) -> list[EmbeddedText | None]:
        """What is kept under each key."""
        found: dict[bytes, EmbeddedText | None] = {}
        with self._lock:
            for start in range(0, len(keys), _KEYS_PER_QUERY):
                found |= self._read(keys[start : start + _KEYS_PER_QUERY])
            entries = [found.get(key) for key in keys]
            num_hits = sum(entry is not None for entry in entries)
            self._counts.update(hits=num_hits, misses=len(keys) - num_hits)
        return entries

    def put_many(self, entries: Mapping[bytes, EmbeddedText]) -> None:
        """Keep these; what cannot be written counts as an error."""
        rows = [(key, to_bytes(entry)) for key, entry in entries.items()]
        with self._lock:
            try:
                self._file.execute("BEGIN IMMEDIATE")
                self._file.executemany(f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?)", rows)
                self._file.execute("COMMIT")
            except sqlite3.Error:
                self._counts.update(errors=1)
                self._roll_back()
            else:
                self._counts.update(written=len(rows))

    def counts(self) -> Mapping[str, int]:
        """`hits`, `misses` (of which `corrupt`), `errors`, `written`."""
        with self._lock:
            return dict(self._counts)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, EmbeddedText | None]:
        marks = ", ".join("?" * len(keys))
        try:
            rows = self._file.execute(f"SELECT key, entry FROM {_TABLE} WHERE key IN ({marks})", keys).fetchall()
        except sqlite3.Error:
            self._counts.update(errors=1)
            return {}
        found = {key: from_bytes(entry) for key, entry in rows}
        self._counts.update(corrupt=sum(entry is None for entry in found.values()))
        return found

    def _roll_back(self) -> None:
        if self._file.in_transaction:
            self._file.execute("ROLLBACK")
