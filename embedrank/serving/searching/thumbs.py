"""What users thought of answers, kept in two files: every thumb as it came, and the rows that `embedrank tune` reads.

The first is only ever added to. The second is made of it: for each query what was found good and what was not, the last
word on each chunk counting. A query of which nothing was found good teaches nothing yet and waits.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from embedrank.core.durable import replace_durably
from embedrank.core.errors import DatasetError, OverloadedError
from embedrank.core.storing import storing

Verdict: TypeAlias = Literal["up", "down", "none"]

FEEDBACK: Final = "feedback"
THUMBS: Final = "thumbs.jsonl"
ROWS: Final = "rows.jsonl"
_SOURCE: Final = "feedback"
_RETRY_AFTER_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumb:
    """One judgement.

    Attributes:
        query: What was asked.
        chunk_id: What was judged.
        document_id: The document it belongs to.
        text: What the models read of it.
        thumb: `up`, `down`, or `none` where an earlier one is taken back.
        rank: Its place in the answer, from 1, where known.
        instruction: The task it was asked under, where one was given.
        time: When, UTC.
    """

    query: str
    chunk_id: str
    document_id: str
    text: str
    thumb: Verdict
    rank: int | None = None
    instruction: str | None = None
    time: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What there is.

    Attributes:
        thumbs: Thumbs that came in, those taken back included.
        up: Chunks found good for a query.
        down: Chunks found bad for a query.
        rows: Queries that can be trained on.
        waiting: Queries of which nothing was found good yet.
        damaged: Lines of the file that could not be read and count for nothing.
    """

    thumbs: int
    up: int
    down: int
    rows: int
    waiting: int
    damaged: int


class Thumbs:
    """The store of feedback of one index."""

    def __init__(self, folder: Path, *, max_thumbs: int) -> None:
        """Read what is there.

        Args:
            folder: Where the files are; made with the first thumb.
            max_thumbs: Most that are taken.

        Raises:
            DatasetError: If what is there cannot be read.
        """
        self.folder = folder
        self._max_thumbs = max_thumbs
        self._lock = threading.Lock()
        self._latest: dict[str, dict[str, Thumb]] = {}
        self._num_thumbs = 0
        self._num_damaged = 0
        for thumb in _read(folder / THUMBS):
            if thumb is None:
                self._num_damaged += 1
            else:
                self._take(thumb)

    def add(self, thumb: Thumb) -> Tally:
        """Keep a judgement; it is on disk when this returns.

        Args:
            thumb: The judgement; its time is filled in.

        Returns:
            What there is now.

        Raises:
            OverloadedError: If there are as many as may be.
            StorageError: If it cannot be written; then it does not count.
        """
        stamped = {**asdict(thumb), "time": datetime.now(timezone.utc).isoformat(timespec="seconds")}
        with self._lock:
            if self._num_thumbs >= self._max_thumbs:
                limit = self._max_thumbs
                raise OverloadedError("thumbs", in_flight=limit, limit=limit, retry_after_s=_RETRY_AFTER_S)
            with storing(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                _append(self.folder / THUMBS, json.dumps(stamped, ensure_ascii=False))
                self._take(Thumb(**stamped))
                replace_durably(self.folder / ROWS, "".join(f"{line}\n" for line in self._lines()))
            return self._tally()

    def of_query(self, query: str) -> dict[str, Verdict]:
        """What was said of chunks for a query, by chunk id."""
        with self._lock:
            return {name: thumb.thumb for name, thumb in self._latest.get(query, {}).items()}

    def tally(self) -> Tally:
        """What there is."""
        with self._lock:
            return self._tally()

    def rows(self) -> str:
        """The rows, one JSON object a line, as `embedrank tune --feedback` reads them."""
        with self._lock:
            return "".join(f"{line}\n" for line in self._lines())

    def _take(self, thumb: Thumb) -> None:
        self._num_thumbs += 1
        judged = self._latest.setdefault(thumb.query, {})
        judged.pop(thumb.chunk_id, None)
        if thumb.thumb != "none":
            judged[thumb.chunk_id] = thumb
        if not judged:
            del self._latest[thumb.query]

    def _tally(self) -> Tally:
        verdicts = [thumb.thumb for judged in self._latest.values() for thumb in judged.values()]
        rows = sum(1 for _ in self._lines())
        return Tally(
            thumbs=self._num_thumbs,
            up=verdicts.count("up"),
            down=verdicts.count("down"),
            rows=rows,
            waiting=len(self._latest) - rows,
            damaged=self._num_damaged,
        )

    def _lines(self) -> Iterator[str]:
        for query, judged in self._latest.items():
            good = [thumb for thumb in judged.values() if thumb.thumb == "up"]
            bad = [thumb for thumb in judged.values() if thumb.thumb == "down"]
            if good:
                yield json.dumps(_row(query, good, bad), ensure_ascii=False)


def _row(query: str, good: list[Thumb], bad: list[Thumb]) -> Mapping[str, Any]:
    return {
        "task": "retrieval",
        "query": query,
        "positives": [thumb.text for thumb in good],
        "negatives": [thumb.text for thumb in bad],
        "source": _SOURCE,
        "document_ids": [thumb.chunk_id for thumb in (*good, *bad)],
    }


def _append(path: Path, line: str) -> None:
    """Add a line. What a kill left of an earlier one is ended first, so that it spoils no other."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else f"\n{line}"
        file.write(f"{line}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Iterator[Thumb | None]:
    """Thumbs of a file, and None for a line that is none, such as one that a kill has cut off."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise DatasetError(path, f"cannot be read: {error.strerror or error}") from error
    for line in filter(bytes.strip, lines):
        try:
            yield Thumb(**json.loads(line))
        except (ValueError, TypeError):
            yield None
