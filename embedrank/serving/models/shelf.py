"""The models of a server: by name, loaded once for all who wait for them, evicted when memory is short.

Everything here runs on the event loop; loading itself runs in a thread. A model that is used is never evicted, and one
that is loaded anew answers until its successor is there.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from embedrank.core.errors import EmbedrankError, ModelNotFoundError, ModelUnavailableError, OverloadedError
from embedrank.serving.models.loaded import Loaded
from embedrank.serving.models.loading import Loader
from embedrank.serving.observing.facts import timed
from embedrank.serving.settings import Kind, ModelSettings

_log = logging.getLogger(__name__)
_RETRY_AFTER_S = 1.0  # until a model that is in use may be free


@dataclass(eq=False, slots=True, kw_only=True)
class Entry:
    """A model that may be asked for.

    Attributes:
        kind: Embedder or reranker.
        name: Name clients say.
        settings: How it is loaded.
        loaded: The model, while it is in memory.
        loading: Who loads it, while somebody does.
    """

    kind: Kind
    name: str
    settings: ModelSettings
    loaded: Loaded | None = None
    loading: asyncio.Task[Loaded] | None = None


class Shelf:
    """Finds, loads and evicts models.

    Attributes:
        num_loads: Models loaded so far, those loaded anew included.
        num_evictions: Models evicted so far.
    """

    def __init__(
        self,
        models: Mapping[Kind, Mapping[str, ModelSettings]],
        loader: Loader,
        *,
        memory_bytes: int | None,
        any_model: bool,
    ) -> None:
        """Put the names up; nothing is loaded.

        Args:
            models: Models by kind and name; the first of a kind is meant where none is named.
            loader: Loads them.
            memory_bytes: Most memory for weights; None for no bound.
            any_model: Whether an unknown name means the first model.
        """
        self._entries = [
            Entry(kind=kind, name=name, settings=settings)
            for kind, named in models.items()
            for name, settings in named.items()
        ]
        self._loader, self._memory_bytes, self._any_model = loader, memory_bytes, any_model
        self._one_load = asyncio.Lock()  # so that two loads do not both take the last memory
        self.num_loads = self.num_evictions = 0

    @property
    def entries(self) -> list[Entry]:
        """All models, in the order of the settings."""
        return list(self._entries)

    def find(self, kind: Kind | None, asked: str | None) -> Entry:
        """The model that a client means.

        Args:
            kind: Kind that is needed; None for either.
            asked: What the client calls it; None or empty for the first.

        Returns:
            Its entry.

        Raises:
            ModelNotFoundError: If there is none.
        """
        those = [entry for entry in self._entries if kind in (None, entry.kind)]
        for entry in those:
            if not asked or asked == entry.name or asked in entry.settings.aliases:
                return entry
        if those and self._any_model:
            return those[0]
        what = kind or "model"
        served = ", ".join(entry.name for entry in those)
        raise ModelNotFoundError(asked or what, f"no such {what} is served here", hint=f"served: {served or 'none'}")

    @asynccontextmanager
    async def lease(self, kind: Kind | None, asked: str | None) -> AsyncIterator[Loaded]:
        """A model for the time of a block, loaded if it has to be.

        Args:
            kind: As `find` takes it.
            asked: Likewise.

        Yields:
            The model.

        Raises:
            ModelNotFoundError: If there is none of that name.
            ModelUnavailableError: If it cannot be loaded.
            OverloadedError: If memory is short and all other models are in use.
        """
        entry = self.find(kind, asked)
        with timed("model"):
            loaded = entry.loaded or await self._load(entry)
        loaded.take()
        try:
            yield loaded
        finally:
            loaded.give_back()

    async def preload(self) -> None:
        """Load what shall be there before the first request."""
        for entry in self._entries:
            if entry.settings.preload and entry.loaded is None:
                await self._load(entry)

    async def reload(self, entry: Entry) -> Loaded:
        """Load a model anew; the old one answers until then, and those who use it finish with it.

        Args:
            entry: The model.

        Returns:
            The new one.

        Raises:
            ModelUnavailableError: If it cannot be loaded; the old one stays.
        """
        return await self._load(entry)

    async def _load(self, entry: Entry) -> Loaded:
        if entry.loading is None:
            entry.loading = asyncio.create_task(self._loaded(entry), name=f"load {entry.name}")
            entry.loading.add_done_callback(lambda task: _forget_load(entry, task))
        return await asyncio.shield(entry.loading)  # whoever waits may go; the others still want it

    async def _loaded(self, entry: Entry) -> Loaded:
        async with self._one_load:
            try:
                size = await asyncio.to_thread(self._loader.size_of, entry.kind, entry.name, entry.settings)
                if self._make_room(entry, size):
                    await asyncio.to_thread(_free_memory)
                model = await asyncio.to_thread(self._loader.load, entry.kind, entry.name, entry.settings)
            except OverloadedError:
                raise
            except (EmbedrankError, OSError, RuntimeError, MemoryError) as error:
                raise ModelUnavailableError(entry.name, _first_line(error)) from error
            num_bytes = int(getattr(model, "num_bytes", size))
            entry.loaded = Loaded(kind=entry.kind, name=entry.name, model=model, num_bytes=num_bytes)
            self.num_loads += 1
            return entry.loaded

    def _make_room(self, entry: Entry, size: int) -> int:
        """Evict the least recently used models until another of this size fits; tells how many."""
        if self._memory_bytes is None:
            return 0
        before = self.num_evictions
        if size > self._memory_bytes:
            raise ModelUnavailableError(entry.name, f"it takes {size} bytes and memory_bytes is {self._memory_bytes}")
        others = [other for other in self._entries if other is not entry and other.loaded is not None]
        while (held := sum(other.loaded.num_bytes for other in others if other.loaded)) + size > self._memory_bytes:
            idle = [other for other in others if other.loaded and not other.loaded.users]
            if not idle:
                raise OverloadedError(
                    "bytes of models", in_flight=held, limit=self._memory_bytes, retry_after_s=_RETRY_AFTER_S
                )
            oldest = min(idle, key=lambda other: other.loaded.last_used if other.loaded else 0.0)
            _log.info("model %s is evicted to make room for %s", oldest.name, entry.name)
            oldest.loaded = None
            others.remove(oldest)
            self.num_evictions += 1
        return self.num_evictions - before


def _forget_load(entry: Entry, task: asyncio.Task[Loaded]) -> None:
    entry.loading = None
    if not task.cancelled():
        task.exception()  # seen, even if all who waited have gone


def _free_memory() -> None:
    """Give back what evicted models held: their parts refer to each other, and devices keep what is freed."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
