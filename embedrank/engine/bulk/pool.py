"""Where chunks are computed: the seam between a run and its processes, and the simplest side of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from embedrank.core.errors import InvalidInputError, TokenIdError
from embedrank.engine.bulk.encoder import Computed, Load, ModelFacts, TellingEncoder, compute

if TYPE_CHECKING:
    from embedrank.engine.bulk.chunks import Chunk
    from embedrank.engine.bulk.config import BulkConfig


class Pool(Protocol):
    """Computes chunks, some at a time."""

    def start(self) -> ModelFacts:
        """Load the model and say what it is."""
        ...

    def results(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Computed]]:
        """Each chunk with its vectors, in order; reads only so many chunks ahead as it computes at a time."""
        ...

    def close(self) -> None:
        """End all processes."""
        ...


class ThisProcess:
    """One chunk at a time, here."""

    def __init__(self, load: Load, config: BulkConfig) -> None:
        """Say how; nothing is loaded yet.

        Args:
            load: Gives the model.
            config: Side, instruction and dim.
        """
        self._load, self._config = load, config
        self._encoder: TellingEncoder | None = None

    def start(self) -> ModelFacts:
        """Load the model and say what it is."""
        self._encoder = self._load()
        return ModelFacts.of(self._encoder)

    def results(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Computed]]:
        """Each chunk with its vectors."""
        assert self._encoder is not None, "start comes first"
        for chunk in chunks:
            try:
                computed = compute(self._encoder, chunk.texts, self._config)
            except TokenIdError as error:
                raise InvalidInputError(chunk.name, str(error)) from error
            yield chunk, computed

    def close(self) -> None:
        """Let the model go."""
        self._encoder = None
