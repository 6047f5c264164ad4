"""A model in memory, and who uses it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedrank.serving.settings import Kind

if TYPE_CHECKING:
    from embedrank.serving.models.loading import Model


@dataclass(eq=False, slots=True, kw_only=True)
class Loaded:
    """One loaded model.

    Attributes:
        kind: Embedder or reranker.
        name: Name clients say.
        model: The model itself.
        num_bytes: Memory that its weights take.
        loaded_at: When it was loaded, seconds since 1970.
        users: Requests that use it now; it is not evicted while there are any.
        last_used: When the last of them came or went, on the monotonic clock.
        faces: What lets it run in the engine, by engine; kept by the worker.
    """

    kind: Kind
    name: str
    model: Model
    num_bytes: int
    loaded_at: float = field(default_factory=time.time)
    users: int = 0
    last_used: float = field(default_factory=time.monotonic)
    faces: dict[Any, Any] = field(default_factory=dict)

    def take(self) -> None:
        """A request begins to use it."""
        self.users += 1
        self.last_used = time.monotonic()

    def give_back(self) -> None:
        """A request is done with it."""
        self.users -= 1
        self.last_used = time.monotonic()
