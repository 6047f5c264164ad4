"""An encoder for long work beside which others want to be served."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from embedrank.core.errors import OverloadedError
from embedrank.core.protocols import Encoder
from embedrank.core.types import FloatArray

_TEXTS_AT_ONCE: Final = 32  # a query finds its place between them
_PATIENCE_S: Final = 600.0


class PatientEncoder:
    """An `Encoder` that asks for little at a time, and asks again where it is told that the server is full."""

    def __init__(self, encoder: Encoder, *, name: str) -> None:
        """Stand before another encoder.

        Args:
            encoder: The encoder.
            name: What `embedrank` can load it by; an index that is made with it remembers that.
        """
        self._encoder = encoder
        self.name, self.fingerprint, self.dim = name, encoder.fingerprint, encoder.dim
        if hasattr(encoder, "default_instruction"):
            self.default_instruction = encoder.default_instruction

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """Float32 `[n, dim]`, unit rows; at once or not at all."""
        return self._encoder.encode_queries(texts, instruction=instruction, dim=dim)

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """Float32 `[n, dim]`, unit rows; waits while the server is full, for ten minutes at most."""
        until = time.monotonic() + _PATIENCE_S
        parts = [
            self._asked_until(texts[start : start + _TEXTS_AT_ONCE], dim, until)
            for start in range(0, len(texts), _TEXTS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, dim or self.dim), dtype=np.float32)

    def _asked_until(self, texts: Sequence[str], dim: int | None, until: float) -> FloatArray:
        while True:
            try:
                return self._encoder.encode_documents(texts, dim=dim)
            except OverloadedError as error:
                if time.monotonic() > until:
                    raise
                time.sleep(error.retry_after_s)
