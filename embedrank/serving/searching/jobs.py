"""Writing into the index: one job after the other, in one thread, each of which tells how far it is."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from embedrank.core.errors import EmbedrankError, OverloadedError
from embedrank.core.types import Document, Skipped
from embedrank.index.builder import IndexReport
from embedrank.search.index import SearchIndex
from embedrank.serving.searching.settings import SearchingSettings

_log = logging.getLogger(__name__)
_RETRY_AFTER_S: Final = 5.0
_BATCH_CHUNKS: Final = 64  # small, so that progress shows and a job ends soon when the server does
ENDED: Final = frozenset({"done", "failed", "stopped"})


@dataclass(slots=True, kw_only=True)
class Job:
    """One piece of writing. The writing thread changes it; everybody may read it.

    Attributes:
        id: Its name.
        kind: `add` or `remove`.
        state: `queued`, `reading`, `indexing`, then `done`, `failed` or `stopped`.
        num_files: Files or texts handed in.
        done: Documents taken so far.
        total: Of how many, once that is known.
        added: New documents.
        updated: Changed documents.
        unchanged: Documents passed over.
        removed: Documents removed.
        chunks: Chunks written; for a removal, chunks removed.
        num_skipped: What was left out.
        skipped: The first of these, with the reasons.
        error: Why it failed.
        seconds: How long it took, or takes.
    """

    id: str
    kind: str
    num_files: int
    state: str = "queued"
    done: int = 0
    total: int | None = None
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    chunks: int = 0
    num_skipped: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0

    def leave_out(self, skipped: Sequence[Skipped], *, told: int) -> None:
        """Count what was left out, and keep the first of it."""
        self.num_skipped += len(skipped)
        self.skipped = [*self.skipped, *skipped][:told]


Work: TypeAlias = Callable[[Job], None]


class _Stopped(Exception):
    """The server ends."""


class Jobs:
    """The queue of jobs, and the memory of those that have ended."""

    def __init__(self, index: SearchIndex, settings: SearchingSettings) -> None:
        """Wait for work.

        Args:
            index: Handle for writing.
            settings: Bounds.
        """
        self._index, self._settings = index, settings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedrank-write")
        self._jobs: dict[str, Job] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._is_closing = False

    def all(self) -> list[Job]:
        """All jobs that are remembered, newest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def get(self, name: str) -> Job | None:
        """A job by its name; None if there is none or it is forgotten."""
        with self._lock:
            return self._jobs.get(name)

    def check_room(self) -> None:
        """Refuse before anything is stored for a job that could not be queued.

        Raises:
            OverloadedError: If too many jobs wait.
        """
        with self._lock:
            waiting = sum(job.state not in ENDED for job in self._jobs.values())
        limit = self._settings.max_jobs
        if waiting >= limit or self._is_closing:
            raise OverloadedError("jobs", in_flight=waiting, limit=limit, retry_after_s=_RETRY_AFTER_S)

    def add(self, read: Callable[[], Iterator[Document | Skipped]], *, num_files: int, are_files: bool = False) -> Job:
        """Queue documents to be indexed.

        Args:
            read: Reads them, in the writing thread.
            num_files: Files or texts handed in.
            are_files: Whether they are all there is of their paths, so that what was there before goes.

        Returns:
            The job.

        Raises:
            OverloadedError: If too many jobs wait.
        """

        def work(job: Job) -> None:
            job.state = "reading"
            found = [item for item in read() if self._goes_on()]
            job.state = "indexing"
            job.total = len(found)
            self._note(job, self._index.add(found, self._teller(job), batch_chunks=_BATCH_CHUNKS))
            if are_files:
                self._remove_unseen(job, [item for item in found if isinstance(item, Document)])

        return self._queue("add", work, num_files)

    def remove(self, document_ids: Sequence[str], *, then: Callable[[], None] | None = None) -> Job:
        """Queue documents to be removed.

        Args:
            document_ids: Their ids.
            then: Called once they are gone, in the writing thread.

        Returns:
            The job.

        Raises:
            OverloadedError: If too many jobs wait.
        """

        def work(job: Job) -> None:
            job.state = "indexing"
            job.total = len(document_ids)
            job.chunks = self._index.remove(document_ids)
            job.removed = job.done = len(document_ids)
            if then is not None:
                then()

        return self._queue("remove", work, len(document_ids))

    async def ended(self, job: Job, *, within_s: float) -> bool:
        """Wait for a job.

        Args:
            job: The job.
            within_s: Longest wait.

        Returns:
            Whether it has ended.
        """
        end = time.monotonic() + within_s
        while job.state not in ENDED and time.monotonic() < end:
            await asyncio.sleep(0.01)
        return job.state in ENDED

    def close(self) -> None:
        """Stop the job in hand after its next batch, and those that wait before they begin."""
        self._is_closing = True
        self._thread.shutdown(wait=True)

    def _queue(self, kind: str, work: Work, num_files: int) -> Job:
        self.check_room()
        with self._lock:
            job = Job(id=f"{next(self._numbers)}", kind=kind, num_files=num_files)
            self._jobs[job.id] = job
            ended = [name for name, each in self._jobs.items() if each.state in ENDED]
            for name in ended[: max(0, len(ended) - self._settings.max_jobs_kept)]:
                del self._jobs[name]
        self._thread.submit(self._run, job, work)
        return job

    def _run(self, job: Job, work: Work) -> None:
        began = time.monotonic()
        state = "done"
        try:
            if self._goes_on():
                work(job)
        except _Stopped:
            state, job.error = "stopped", "the server ended; what was indexed by then is kept"
        except EmbedrankError as error:
            state, job.error = "failed", str(error)
        except Exception:
            _log.exception("a job failed")
            state, job.error = "failed", "the server failed on this job; its log says why"
        finally:
            job.seconds = time.monotonic() - began
            job.state = state

    def _goes_on(self) -> bool:
        if self._is_closing:
            raise _Stopped
        return True

    def _teller(self, job: Job) -> Callable[[int, int | None], None]:
        began = time.monotonic()

        def tell(done: int, total: int | None) -> None:
            job.done, job.seconds = done, time.monotonic() - began
            self._goes_on()

        return tell

    def _remove_unseen(self, job: Job, read: Sequence[Document]) -> None:
        """Remove what an earlier file of the same path held and this one does not."""
        seen = {document.id for document in read}
        for path in sorted({document.path for document in read if document.path}):
            gone = [name for name in self._index.catalogue.documents({"path": path}) if name not in seen]
            self._index.remove(gone)
            job.removed += len(gone)

    def _note(self, job: Job, report: IndexReport) -> None:
        for name in ("added", "updated", "unchanged", "removed", "chunks"):
            setattr(job, name, getattr(job, name) + getattr(report, name))
        job.leave_out(report.skipped, told=self._settings.max_skipped_told)
