"""Answers that were paid for, and what a run has spent, in one SQLite file.

Each answer is written in one transaction with what it cost, so that a kill loses neither without the other.
Threads and processes of one machine may share the file.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import StorageError
from embedrank.core.generation import Completion, Failure, GenerationRequest, Outcome
from embedrank.synthesis.generators.usage import Usage

_VERSION: Final = 1
_WAIT_S: Final = 30.0
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS answers (digest BLOB PRIMARY KEY, answer TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS spent (run TEXT PRIMARY KEY, requests INTEGER, cached INTEGER, prompt_tokens INTEGER, "
    "completion_tokens INTEGER, cost REAL) WITHOUT ROWID",
)


def digest_of(model: str, request: GenerationRequest, extra: Mapping[str, Any] | None = None) -> bytes:
    """What an answer is kept under.

    Args:
        model: Name of the model.
        request: What is asked; its key and facts are no part of what the model reads.
        extra: Anything else that is sent.

    Returns:
        32 bytes.
    """
    payload = {
        "model": model,
        "messages": [[message.role, message.content] for message in request.messages],
        "schema": request.schema,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
        "extra": dict(extra or {}),
    }
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode("utf-8")).digest()


class RequestCache:
    """The open file."""

    def __init__(self, path: Path, *, run: str) -> None:
        """Open or make the file.

        Args:
            path: The file; its folder must be there.
            run: What the spending of this run is counted under.

        Raises:
            StorageError: If it is damaged, of another version, or cannot be written.
        """
        self._path, self._run = path, run
        self._lock = threading.Lock()
        with self._clear_errors():
            self._connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            with self._clear_errors():
                self._set_up()
        except StorageError:
            self._connection.close()
            raise

    def get(self, digest: bytes) -> Outcome | None:
        """What was answered before.

        Args:
            digest: Of the request.

        Returns:
            The answer, which costs nothing now; None where there is none.
        """
        with self._lock, self._clear_errors():
            found = self._connection.execute("SELECT answer FROM answers WHERE digest = ?", (digest,)).fetchone()
        return None if found is None else self._read(found[0])

    def put(self, digest: bytes, outcome: Outcome | None, spent: Usage) -> Outcome | None:
        """Keep an answer and what the run has spent by now. The first answer to a request stays.

        Args:
            digest: Of the request.
            outcome: The answer; None where there was none to keep.
            spent: By the run in all.

        Returns:
            The answer that is kept: this one, or that of an equal request which was faster.
        """
        with self._lock, self._clear_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                kept = None if outcome is None else self._keep(digest, outcome)
                self._connection.execute(
                    "INSERT OR REPLACE INTO spent VALUES (?, ?, ?, ?, ?, ?)", (self._run, *astuple(spent))
                )
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        return kept

    def spent(self) -> Usage:
        """What the run has spent, all the times that it was begun again together."""
        with self._lock, self._clear_errors():
            row = self._connection.execute("SELECT * FROM spent WHERE run = ?", (self._run,)).fetchone()
        if row is None:
            return Usage()
        _, requests, cached, prompt_tokens, completion_tokens, cost = row
        return Usage(
            requests=requests,
            cached=cached,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost=cost,
        )

    def forget_spent(self) -> None:
        """Begin to count at nothing; answers stay."""
        with self._lock, self._clear_errors():
            self._connection.execute("DELETE FROM spent WHERE run = ?", (self._run,))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _set_up(self) -> None:
        run = self._connection.execute
        version = run("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            raise StorageError(self._path, f"is of version {version}, not {_VERSION} (choose another cache)")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")  # a kill loses nothing; a power cut the last answers
        for table in _TABLES:
            run(table)
        run(f"PRAGMA user_version = {_VERSION}")

    def _keep(self, digest: bytes, outcome: Outcome) -> Outcome:
        written = self._connection.execute(
            "INSERT OR IGNORE INTO answers VALUES (?, ?)", (digest, _written(outcome))
        ).rowcount
        if written:
            return outcome
        found = self._connection.execute("SELECT answer FROM answers WHERE digest = ?", (digest,)).fetchone()
        return _as_first(self._read(found[0]), outcome)

    def _read(self, answer: str) -> Outcome:
        try:
            fields = json.loads(answer)
            return Failure(**fields) if "reason" in fields else Completion(**fields, is_cached=True)
        except (ValueError, TypeError) as error:
            raise StorageError(self._path, f"holds an answer that is damaged: {error} (delete the file)") from error

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StorageError(self._path, f"the request cache cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            problem = f"the request cache is damaged: {error} (delete it; its answers will be asked for again)"
            raise StorageError(self._path, problem) from error


def _written(outcome: Outcome) -> str:
    if isinstance(outcome, Failure):
        return json.dumps({"reason": outcome.reason, "detail": outcome.detail})
    return json.dumps(
        {
            "text": outcome.text,
            "prompt_tokens": outcome.prompt_tokens,
            "completion_tokens": outcome.completion_tokens,
        }
    )


def _as_first(kept: Outcome, paid: Outcome) -> Outcome:
    """The answer that is kept, with the price of the one that was paid for beside it."""
    if isinstance(kept, Completion) and isinstance(paid, Completion):
        return replace(kept, cost=paid.cost, is_cached=False)
    return kept
