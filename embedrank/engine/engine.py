"""Permit, queue, token-budget batch, forward, reply: many callers share one model, nothing hangs, nothing is lost.

An engine is three threads and two queues. Models join it through `BatchedEmbedder` and `BatchedReranker`, and take
turns. See docs/engine.md for the picture.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from weakref import WeakValueDictionary

from embedrank.core.errors import EmbedrankError, EngineClosedError, EngineFailedError, InvalidInputError
from embedrank.core.protocols import EmbeddingCache
from embedrank.engine.config import EngineConfig
from embedrank.engine.deadlines import Deadlines
from embedrank.engine.forward import Forward
from embedrank.engine.permits import Permits
from embedrank.engine.queue import FairQueue
from embedrank.engine.request import Request
from embedrank.engine.stats import EngineStats, Meter
from embedrank.engine.task import Item, Task, Text
from embedrank.engine.tokenising import Tokenising

_log = logging.getLogger(__name__)
_EXIT_WAIT_S = 5.0  # for the batch that is being computed when the interpreter ends


class Engine:
    """Runs the requests of any number of callers on one device.

    Attributes:
        config: Its bounds.
        meter: Counts what happens.
    """

    def __init__(self, config: EngineConfig | None = None) -> None:
        """Start the threads.

        Args:
            config: Bounds; None for the defaults.
        """
        self.config = config or EngineConfig()
        self.meter = Meter()
        self._permits = Permits(self.config, seconds_per_text=self.meter.seconds_per_text)
        self._texts: FairQueue[Text] = FairQueue()
        self._items: FairQueue[Item] = FairQueue()
        self._deadlines = Deadlines()
        self._caches: WeakValueDictionary[str, EmbeddingCache] = WeakValueDictionary()  # gone with their models
        self._failure: EngineFailedError | None = None
        self._process = os.getpid()
        work = {
            "tokeniser": Tokenising(self._texts, self._items, self.meter).run,
            "model": Forward(self._items, self.config, self.meter).run,
            "deadlines": self._deadlines.run,
        }
        self._threads = [
            threading.Thread(target=self._guard, args=(name, run), name=f"embedrank-{name}", daemon=True)
            for name, run in work.items()
        ]
        for thread in self._threads:
            thread.start()
        atexit.register(self._close_at_exit)  # a thread inside torch must not outlive the interpreter

    def submit(self, task: Task, request: Request) -> None:
        """Take a request on; its future will be settled, whatever happens.

        Args:
            task: The model that computes it.
            request: Submitted once.

        Raises:
            TooLargeError: If it exceeds a bound all by itself.
            OverloadedError: If too much is in flight; says when to come back.
            EngineClosedError: If the engine is closed.
            EngineFailedError: If a thread has died.
        """
        if os.getpid() != self._process:  # before any lock: one may have been held when the process was forked
            raise EngineFailedError("this process was forked from the one that runs its threads")
        request.begin(partial(self._let_go, task))  # before it can be failed by a closing engine
        try:
            self._permits.admit(request)
        except EmbedrankError as error:
            self.meter.end(type(error).__name__)
            raise
        self._deadlines.watch(request)
        self._texts.add(request, [Text(task, request, place) for place in range(len(request.texts))])

    def close(self, *, drain: bool = True, timeout_s: float | None = None) -> None:
        """Take nothing more on, answer what is in flight, end the threads. Again does no harm.

        Args:
            drain: Whether requests in flight are computed; otherwise they fail with `EngineClosedError`.
            timeout_s: Longest wait for them and for the batch being computed; None for as long as it takes. Whatever is
                not answered by then fails with `EngineClosedError`.

        Raises:
            InvalidInputError: If it would drain on one of its own threads.
        """
        if os.getpid() != self._process:
            return  # the threads, the requests and whatever locks are held belong to the parent
        if drain:
            self.require_other_thread()
        until = None if timeout_s is None else time.monotonic() + timeout_s
        self._permits.shut(EngineClosedError)
        if drain:
            self._permits.wait_until_empty(timeout_s)
        for request in self._permits.shut(EngineClosedError):
            request.fail(EngineClosedError())
        self._end_threads()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(None if until is None else max(0.0, until - time.monotonic()))
        atexit.unregister(self._close_at_exit)

    def stats(self) -> EngineStats:
        """What it has done and is doing."""
        outcomes, counts = self.meter.tally()
        wait, compute, computing_s = self.meter.times()
        names = ("batches", "splits", "items", "tokens", "dropped_texts", "joined", "cache_hits", "cache_misses")
        return EngineStats(
            in_flight=self._permits.held(),
            waiting_texts=len(self._texts),
            waiting_items=len(self._items),
            computing_s=computing_s,
            requests=outcomes,
            wait=wait,
            compute=compute,
            caches={name: cache.counts() for name, cache in self._caches.items()},
            **{name: counts[name] for name in names},
        )

    @property
    def failure(self) -> EngineFailedError | None:
        """Why nothing can be computed any more; None while all is well."""
        return self._failure

    def show_cache(self, name: str, cache: EmbeddingCache) -> None:
        """Show a model's cache in `stats`, under a name."""
        self._caches[name] = cache

    def require_other_thread(self) -> None:
        """Refuse to let one of the engine's own threads wait for the engine.

        Raises:
            InvalidInputError: If called on such a thread, as from a callback on a future.
        """
        if threading.current_thread() in self._threads:
            raise InvalidInputError(
                "caller",
                f"is the engine's own thread {threading.current_thread().name}, which would wait for itself",
                hint="submit without waiting, or wait in another thread",
            )

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close(drain=error is None)

    def _let_go(self, task: Task, request: Request, outcome: str) -> None:
        """A request is settled: nothing more is computed for it, and its permit is free."""
        num_dropped = len(self._texts.drop(request)) + task.abandon(request, self._items.drop(request))
        self.meter.count("dropped_texts", num_dropped)
        self._deadlines.forget(request)
        self.meter.end(outcome)
        self._permits.release(request)

    def _guard(self, name: str, run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as error:
            _log.exception("the engine's %s thread died", name)
            self._fail(f"its {name} thread died of {type(error).__name__}: {error}", error)

    def _fail(self, problem: str, cause: BaseException) -> None:
        self._failure = EngineFailedError(problem)
        self._failure.__cause__ = cause
        for request in self._permits.shut(lambda: EngineFailedError(problem)):
            request.fail(EngineFailedError(problem))
        self._end_threads()

    def _end_threads(self) -> None:
        self._texts.close()
        self._items.close()
        self._deadlines.close()

    def _close_at_exit(self) -> None:
        self.close(drain=False, timeout_s=_EXIT_WAIT_S)
