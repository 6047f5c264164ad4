"""Vectors kept on disk between evaluations: one SQLite file for each model."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from embedrank.core.errors import StorageError
from embedrank.core.types import EmbeddedText

_KEYS_AT_ONCE: Final = 500  # fewer than SQLite's limit of bound values in any version
_WAIT_S: Final = 30.0  # for another process that writes to the same file
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS vectors "
    "(key BLOB PRIMARY KEY, vector BLOB NOT NULL, num_tokens INTEGER NOT NULL, uncut_tokens INTEGER NOT NULL) "
    "WITHOUT ROWID"
)


class VectorFile:
    """An `EmbeddingCache` in a file. What goes wrong after it was opened counts as a miss, as the protocol says."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Args:
            path: The file; its folders are made.

        Raises:
            StorageError: If it cannot be opened, or is something else.
        """
        self._counts: Counter[str] = Counter(hits=0, misses=0, failures=0)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=_WAIT_S)
            with self._database:
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(path, f"cannot keep vectors here: {error}") from error

    def get_many(self, keys: Sequence[bytes]) -> list[EmbeddedText | None]:
        """What is kept under each key."""
        found: dict[bytes, EmbeddedText] = {}
        try:
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                found |= self._read(keys[start : start + _KEYS_AT_ONCE])
        except sqlite3.Error:
            self._counts["failures"] += 1
        entries = [found.get(key) for key in keys]
        num_hits = sum(entry is not None for entry in entries)
        self._counts.update(hits=num_hits, misses=len(keys) - num_hits)
        return entries

    def put_many(self, entries: Mapping[bytes, EmbeddedText]) -> None:
        """Write all of these in one step."""
        rows = [
            (key, entry.vector.astype("<f4").tobytes(), entry.num_tokens, entry.uncut_tokens)
            for key, entry in entries.items()
        ]
        try:
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)
        except sqlite3.Error:
            self._counts["failures"] += 1

    def counts(self) -> Mapping[str, int]:
        """`hits`, `misses`, and `failures`: reads or writes that SQLite refused."""
        return dict(self._counts)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, EmbeddedText]:
        marks = ", ".join("?" * len(keys))
        rows = self._database.execute(
            f"SELECT key, vector, num_tokens, uncut_tokens FROM vectors WHERE key IN ({marks})", list(keys)
        )
        return {
            key: EmbeddedText(vector=np.frombuffer(raw, "<f4"), num_tokens=num_tokens, uncut_tokens=uncut_tokens)
            for key, raw, num_tokens, uncut_tokens in rows
        }
