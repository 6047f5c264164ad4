"""Vectors in one SQLite file, kept for the next process. Slower than memory, faster than any model.

Several processes may share the file. Being locked, damaged, or on a full disk costs hits and nothing else: reads and
writes wait a fixed time, a breaker leaves a failing file alone, and all of it is counted.

Source: https://www.sqlite.org/wal.html
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from embedrank.core.errors import ConfigError, StorageError
from embedrank.core.types import EmbeddedText
from embedrank.engine.caches.breaker import Breaker
from embedrank.engine.caches.record import FORMAT_VERSION, from_bytes, to_bytes

_TABLE = f"vectors_v{FORMAT_VERSION}"
_KEYS_PER_QUERY = 500  # SQLite takes 999 parameters at least
_ROWS_PER_EVICTION = 64
_ROOM_LEFT = 0.9  # of a full file after an eviction, so that not every write evicts
_PAGE_BYTES = 16_384  # three vectors of 1024 numbers, where the default page would need two pages for each
_WAL_BYTES = 16 << 20
_OPEN_TIMEOUT_S = 5.0  # processes that start together wait for one of them to make the file
_HOUR_S = 3600  # a use is noted once an hour at most: noting it is a write
_MAX_NOTED = 65_536


class FileCache:
    """Keeps everything, or, up to a number of bytes, what was used in the latest hours."""

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int | None = None,
        timeout_s: float = 5.0,
        pause_s: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open or make the file.

        Args:
            path: The file; its folder has to be there.
            max_bytes: Size above which the least recently used entries go; None keeps all. SQLite's log of up to 16 MiB
                comes on top.
            timeout_s: How long a read or a write waits for another process.
            pause_s: How long a failing file is left alone.
            clock: Seconds since 1970.

        Raises:
            ConfigError: If a number is not above 0.
            StorageError: If the file cannot be made, or is no such file.
        """
        for name, value in (("disk_bytes", max_bytes), ("timeout_s", timeout_s), ("pause_s", pause_s)):
            if value is not None and not value > 0:
                raise ConfigError("cache", name, value, "must be above 0")
        self._max_bytes, self._clock = max_bytes, clock
        self._read_lock, self._write_lock = threading.Lock(), threading.Lock()
        self._count_lock = threading.Lock()
        self._reading, self._writing = Breaker(pause_s=pause_s), Breaker(pause_s=pause_s)
        self._noted: set[bytes] = set()  # found in use, and not yet written down
        names = ("hits", "misses", "corrupt", "errors", "skipped_reads", "written", "dropped_writes", "evictions")
        self._counts: Counter[str] = Counter(dict.fromkeys(names, 0))
        try:
            self._writer = _connected(path, timeout_s)
            _make_table(self._writer)
            self._reader = _connected(path, timeout_s)
        except sqlite3.Error as error:
            raise StorageError(path, f"cannot be used as a cache of vectors: {error}") from error

    def get_many(self, keys: Sequence[bytes]) -> list[EmbeddedText | None]:
        """What is kept under each key."""
        found: dict[bytes, EmbeddedText | None] = {}
        if keys and not self._reading.allows():
            self._count(skipped_reads=1)
        else:
            with self._read_lock:
                for start in range(0, len(keys), _KEYS_PER_QUERY):
                    found |= self._read(keys[start : start + _KEYS_PER_QUERY])
        entries = [found.get(key) for key in keys]
        num_hits = sum(entry is not None for entry in entries)
        self._count(hits=num_hits, misses=len(keys) - num_hits)
        return entries

    def put_many(self, entries: Mapping[bytes, EmbeddedText]) -> None:
        """Keep these; what cannot be written is counted as dropped."""
        if not entries:
            return
        if not self._writing.allows():
            self._count(dropped_writes=len(entries))
            return
        hour = int(self._clock() // _HOUR_S)
        rows = [(key, to_bytes(entry), hour) for key, entry in entries.items()]
        with self._write_lock:
            try:
                with self._transaction():
                    self._writer.executemany(f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?, ?)", rows)
                    self._write_uses_down(hour)
                    num_evicted = self._evict()
            except sqlite3.Error:
                self._count(errors=1, dropped_writes=len(rows))
                self._writing.failed()
            else:
                self._count(written=len(rows), evictions=num_evicted)
                self._writing.succeeded()

    def counts(self) -> Mapping[str, int]:
        """What happened so far.

        Returns:
            `hits`, `misses` (of which `corrupt`), `errors`, `skipped_reads` (while a breaker was open), `written`,
            `dropped_writes`, `evictions`, and of the breakers for reads and for writes `breaker_openings` and, as 0 or
            1, `breaker_is_open`.
        """
        breakers = (self._reading, self._writing)
        with self._count_lock:
            return {
                **self._counts,
                "breaker_openings": sum(breaker.num_openings for breaker in breakers),
                "breaker_is_open": int(any(breaker.is_open for breaker in breakers)),
            }

    def close(self) -> None:
        """Let go of the file."""
        with self._read_lock, self._write_lock:
            self._reader.close()
            self._writer.close()

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, EmbeddedText | None]:
        marks = ", ".join("?" * len(keys))
        try:
            rows = self._reader.execute(
                f"SELECT key, entry, used FROM {_TABLE} WHERE key IN ({marks})", keys
            ).fetchall()
        except sqlite3.Error:
            self._count(errors=1)
            self._reading.failed()
            return {}
        self._reading.succeeded()
        found = {key: from_bytes(entry) for key, entry, _ in rows}
        self._count(corrupt=sum(entry is None for entry in found.values()))
        if self._max_bytes is not None:
            hour = int(self._clock() // _HOUR_S)
            with self._count_lock:
                self._noted.update(key for key, _, used in rows if used < hour and len(self._noted) < _MAX_NOTED)
        return found

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._writer.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # a disk that cannot write may have rolled back by itself
                self._writer.execute("ROLLBACK")
            raise

    def _write_uses_down(self, hour: int) -> None:
        with self._count_lock:
            noted, self._noted = self._noted, set()
        self._writer.executemany(f"UPDATE {_TABLE} SET used = ? WHERE key = ?", [(hour, key) for key in noted])

    def _evict(self) -> int:
        """Delete the least recently used entries of a file that is too large; its pages are used again."""
        num_evicted = 0
        if self._max_bytes is None or self._size() <= self._max_bytes:
            return num_evicted
        oldest = f"SELECT key FROM {_TABLE} ORDER BY used LIMIT {_ROWS_PER_EVICTION}"
        while self._size() > _ROOM_LEFT * self._max_bytes:
            deleted = self._writer.execute(f"DELETE FROM {_TABLE} WHERE key IN ({oldest})").rowcount
            num_evicted += deleted
            if not deleted:
                break
        return num_evicted

    def _size(self) -> int:
        """Bytes of pages in use."""
        pages, free, size = (
            self._writer.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _count(self, **numbers: int) -> None:
        with self._count_lock:
            self._counts.update(numbers)


def _connected(path: Path, timeout_s: float) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=_OPEN_TIMEOUT_S, check_same_thread=False, isolation_level=None)
    file.execute(f"PRAGMA page_size={_PAGE_BYTES}")  # of a new file
    file.execute("PRAGMA journal_mode=WAL")
    file.execute("PRAGMA synchronous=NORMAL")
    file.execute(f"PRAGMA journal_size_limit={_WAL_BYTES}")
    file.execute(f"PRAGMA busy_timeout={max(1, round(1000 * timeout_s))}")
    return file


def _make_table(file: sqlite3.Connection) -> None:
    file.execute(
        f"CREATE TABLE IF NOT EXISTS {_TABLE} (key BLOB PRIMARY KEY, entry BLOB, used INTEGER NOT NULL DEFAULT 0)"
    )
    columns = [row[1] for row in file.execute(f"PRAGMA table_info({_TABLE})")]
    if "used" not in columns:  # a file from before entries could go
        file.execute(f"ALTER TABLE {_TABLE} ADD COLUMN used INTEGER NOT NULL DEFAULT 0")
    file.execute(f"CREATE INDEX IF NOT EXISTS {_TABLE}_by_use ON {_TABLE} (used)")
