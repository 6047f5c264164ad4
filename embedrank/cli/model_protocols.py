"""What commands need of a model beside the seams: its name, and what it tells of the texts it read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from embedrank.core.protocols import Encoder, Reranker
from embedrank.core.types import Judged
from embedrank.engine.bulk.encoder import TellingEncoder


class NamedEncoder(Encoder, TellingEncoder, Protocol):
    """An encoder that has a name and counts what it read; what `Embedder` is."""


class TellingReranker(Reranker, Protocol):
    """A reranker that tells what it read and how far it is; what `Reranker` of the model room is."""

    def judge(
        self,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Judged:
        """Logits, tokens and truncations."""
        ...
