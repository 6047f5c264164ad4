"""Parts of an answer as they come: an iterator for threads, an asynchronous one for coroutines.

Whoever stops listening cancels the request, so that nothing more is computed for it.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_END = object()


class Stream(Generic[T]):
    """Parts that one thread puts in and another takes out."""

    def __init__(self) -> None:
        self._parts: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def put(self, part: T) -> None:
        """Add a part."""
        self._parts.put(part)

    def until(self, future: Future[Any]) -> Iterator[T]:
        """Parts up to the end of a request.

        Args:
            future: Of the request; its error is raised after the parts that came before.

        Returns:
            An iterator that cancels the request when it is closed early.
        """
        future.add_done_callback(lambda _: self._parts.put(_END))
        return self._drain(future)

    def _drain(self, future: Future[Any]) -> Iterator[T]:
        try:
            while (part := self._parts.get()) is not _END:
                yield part
            future.result()
        finally:
            future.cancel()


class AsyncStream(Generic[T]):
    """Parts that a thread puts in and a coroutine takes out. Made in the coroutine's event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parts: asyncio.Queue[Any] = asyncio.Queue()

    def put(self, part: T) -> None:
        """Add a part; a RuntimeError where the event loop is closed."""
        self._loop.call_soon_threadsafe(self._parts.put_nowait, part)

    def until(self, future: Future[Any]) -> AsyncIterator[T]:
        """As `Stream.until`."""
        future.add_done_callback(_unless_closed(self._loop, lambda: self._parts.put_nowait(_END)))
        return self._drain(future)

    async def _drain(self, future: Future[Any]) -> AsyncIterator[T]:
        try:
            while (part := await self._parts.get()) is not _END:
                yield part
            future.result()
        finally:
            future.cancel()


def _unless_closed(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> Callable[[Future[Any]], None]:
    def tell(_: Future[Any]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(call)

    return tell
