"""The engine as the server keeps it: watched, and made anew when one of its threads has died.

Models outlive engines. What was in flight when an engine died has been answered with its error; whoever asks next gets
the new one. An engine that dies again and again is left dead: then the device is broken, and only a new process helps.
"""

from __future__ import annotations

import asyncio
import logging
import time
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
_MAX_RESTARTS = 5
_FORGIVEN_AFTER_S = 60.0  # an engine that has lived so long begins with a clean record


class Worker:
    """Keeps one engine alive.

    Attributes:
        num_restarts: Engines made anew so far.
        restarts_left: How many more are made anew, unless one lives for a minute.
    """

    def __init__(self, config: EngineConfig, cache: EmbeddingCache) -> None:
        """Start an engine.

        Args:
            config: Its bounds.
            cache: Where vectors are kept; its owner closes it.
        """
        self._config, self._cache = config, cache
        self._engine = Engine(config)
        self._born_at = time.monotonic()
        self.num_restarts, self.restarts_left = 0, _MAX_RESTARTS

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
        if now - self._born_at > _FORGIVEN_AFTER_S:
            self.restarts_left = _MAX_RESTARTS
        if not self.restarts_left:
            _log.error("the engine has died too often and is left dead: %s", self._engine.failure)
            return False
        _log.error("the engine is made anew: %s", self._engine.failure)
        self._engine, self._born_at = Engine(self._config), now
        self.restarts_left -= 1
        self.num_restarts += 1
        return True
