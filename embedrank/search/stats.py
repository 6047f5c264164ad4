"""What an index holds, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStats:
    """What an index holds.

    Attributes:
        path: Its folder.
        num_documents: Documents in it.
        num_chunks: Chunks they were cut into.
        dim: Length of the stored vectors.
        model: Name of the embedder it was built with.
    """

    path: str
    num_documents: int
    num_chunks: int
    dim: int
    model: str
