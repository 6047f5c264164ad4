"""An embedding model that is loaded when first used, and used by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedrank.core.protocols import Encoder
    from embedrank.core.types import FloatArray


class SharedEncoder:
    """An `Encoder` for the filters of a run and the persona look-up of its threads."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        """Remember how to load it.

        Args:
            load: Gives the model.
        """
        self._load = load
        self._loaded: Encoder | None = None
        self._lock = threading.RLock()

    @property
    def fingerprint(self) -> str:
        """As of the model."""
        return self._model().fingerprint

    @property
    def dim(self) -> int:
        """As of the model."""
        return self._model().dim

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """As the model."""
        with self._lock:
            return self._model().encode_queries(texts, instruction=instruction, dim=dim)

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """As the model."""
        with self._lock:
            return self._model().encode_documents(texts, dim=dim)

    def _model(self) -> Encoder:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded
