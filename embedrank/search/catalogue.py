"""What an index holds, apart from what a query finds: its documents, the values to filter by, and which are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from embedrank.core.errors import InvalidInputError
from embedrank.core.types import Chunk, FloatArray, Hit, Scored, StageScore
from embedrank.search.ranking import document_of

if TYPE_CHECKING:
    from embedrank.index.store import LanceStore, StoredDocument

_CHUNKS_A_DOCUMENT: Final = 4
"""Nearest chunks looked at for each similar document wanted, and the growth of that where they are of too few."""
_CHUNKS_READ: Final = 64
"""Chunks of a long document that stand for it when others like it are looked for."""


class Catalogue:
    """Reads from the store of one index; every answer is of the newest state."""

    def __init__(self, store: LanceStore) -> None:
        self._store = store

    @property
    def version(self) -> int:
        """A number that grows with every write."""
        return self._store.version

    def documents(self, where: Mapping[str, object] | None = None) -> dict[str, StoredDocument]:
        """Every document, or those that a filter takes, by id and in the order of ids."""
        return self._store.documents(where)

    def chunk_ids(self) -> list[str]:
        """All chunk ids, sorted."""
        return self._store.ids()

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """Chunks in the order of `ids`; ids that are gone are left out."""
        return self._store.get(ids)

    def vectors(self, ids: Sequence[str]) -> dict[str, FloatArray]:
        """Stored unit vectors by chunk id; ids that are gone are left out."""
        return self._store.vectors(ids)

    def values(self, key: str) -> dict[str, int]:
        """Values of a metadata key, with the number of chunks that have them, most frequent first."""
        return self._store.values(key)

    def similar(self, document_id: str, *, top: int) -> list[Hit]:
        """The documents most like one of the index, each by its nearest chunk.

        Args:
            document_id: The document; the mean of its vectors is compared.
            top: Documents wanted.

        Returns:
            Hits, most similar first, one a document, never the document itself.

        Raises:
            InvalidInputError: If there is no such document, or `top` is not positive.
        """
        if top < 1:
            raise InvalidInputError("top", f"{top} is not a positive number")
        own = self._store.ids({"document_id": document_id})
        if not own:
            raise InvalidInputError("document", f"there is none with the id {document_id!r}")
        vectors = list(self._store.vectors(own[:_CHUNKS_READ]).values())
        if not vectors:  # deleted between the two reads
            return []
        mean = np.mean(np.stack(vectors), axis=0)
        wanted, best = len(own) + top * _CHUNKS_A_DOCUMENT, dict[str, Scored]()
        while True:
            nearest = self._store.search(mean, top=wanted)
            best = {document_of(row.id): row for row in reversed(nearest)}
            best.pop(document_id, None)
            if len(best) >= top or len(nearest) < wanted:
                break
            wanted *= _CHUNKS_A_DOCUMENT
        found = sorted(best.values(), key=lambda row: (-row.score, row.id))
        return self._hits(found[:top])

    def _hits(self, rows: Sequence[Scored]) -> list[Hit]:
        chunks = {chunk.id: chunk for chunk in self._store.get([row.id for row in rows])}
        return [
            Hit.of(chunk, score=row.score, stages={"dense": StageScore(rank=rank, score=row.score)})
            for rank, row in enumerate(rows, start=1)
            if (chunk := chunks.get(row.id)) is not None
        ]
