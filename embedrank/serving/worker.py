"""The engine as the server keeps it: watched, and made anew when one of its threads has died.

Models outlive engines. What was in flight when an engine died has been answered with its error; whoever asks next gets
the new one. An engine that dies again and again is left dead: then the device is broken, and only a new process helps.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, cast

from embedrank.core.errors import EngineFailedError
from embedrank.core.protocols import EmbeddingCache
from embedrank.engine.config import EngineConfig
from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.engine import Engine
from embedrank.engine.reranker import BatchedReranker
from embedrank.serving.models.loaded import Loaded

if TYPE_CHECKING:
    from embedrank.model.embedder import Embedder
    from embedrank.model.reranker import Reranker

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.2
_MAX_RESTARTS = 5  # within the time below
_RESTARTS_WITHIN_S = 60.0


class Worker:
    """Keeps one engine alive.

    Attributes:
        num_restarts: Engines made anew so far.
    """

    def __init__(self, config: EngineConfig, cache: EmbeddingCache) -> None:
        """Start an engine.

        Args:
            config: Its bounds.
            cache: Where vectors are kept; its owner closes it.
        """
        self._config, self._cache = config, cache
        self._engine = Engine(config)
        self._restarts: deque[float] = deque()
        self.num_restarts = 0

    @property
    def engine(self) -> Engine:
        """The engine of the moment."""
        return self._engine

    @property
    def failure(self) -> EngineFailedError | None:
        """Why nothing can be computed; None while all is well."""
        return self._engine.failure

    def embedder(self, loaded: Loaded) -> BatchedEmbedder:
        """An embedder in the engine of the moment."""
        engine = self._engine
        if engine not in loaded.faces:
            loaded.faces = {engine: BatchedEmbedder(cast("Embedder", loaded.model), engine, cache=self._cache)}
        return cast(BatchedEmbedder, loaded.faces[engine])

    def reranker(self, loaded: Loaded) -> BatchedReranker:
        """A reranker in the engine of the moment."""
        engine = self._engine
        if engine not in loaded.faces:
            loaded.faces = {engine: BatchedReranker(cast("Reranker", loaded.model), engine)}
        return cast(BatchedReranker, loaded.faces[engine])

    async def watch(self) -> None:
        """Make the engine anew whenever it has died; runs until it is cancelled or gives up."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self._engine.failure is not None and not self._restart():
                return

    def close(self, timeout_s: float) -> None:
        """Compute what is in flight, then end; waits for it.

        Args:
            timeout_s: Longest wait.
        """
        self._engine.close(timeout_s=timeout_s)

    def _restart(self) -> bool:
        now = time.monotonic()
        while self._restarts and now - self._restarts[0] > _RESTARTS_WITHIN_S:
            self._restarts.popleft()
        if len(self._restarts) == _MAX_RESTARTS:
            _log.error("the engine died %d times within a minute and is left dead", _MAX_RESTARTS + 1)
            return False
        _log.error("the engine is made anew: %s", self._engine.failure)
        self._restarts.append(now)
        self._engine = Engine(self._config)
        self.num_restarts += 1
        return True
