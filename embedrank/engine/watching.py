"""Lets a caller see when its requests were tokenised and computed, which happens in the engine's own threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

Watcher: TypeAlias = Callable[[str, float, float], None]
"""Told a stage, `tokenise` or `compute`, and its start and end on the clock of `time.perf_counter`; must be quick."""
_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Watch all requests that are made in a block, from this thread or coroutine.

    Args:
        watcher: Called from the engine's threads, once for each batch that the request has a part in.
    """
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def current_watcher() -> Watcher | None:
    """Who watches the requests that are made here; None for nobody."""
    return _WATCHER.get()
