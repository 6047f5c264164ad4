"""An evaluation corpus in a store: the same store and the same lexical code that users get, one chunk a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedrank.cli.console import progress

if TYPE_CHECKING:
    from embedrank.cli.model_protocols import NamedEncoder
    from embedrank.core.types import Chunk, Document
    from embedrank.index.store import LanceStore

DOCUMENTS_PER_BATCH: Final = 512
_ALWAYS_EXACT: Final = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStore:
    """A filled store.

    Attributes:
        store: Holds every document under its own id.
        num_truncated: Documents of which the embedder read only the beginning.
    """

    store: LanceStore
    num_truncated: int


def fill(folder: Path, documents: Sequence[Document], encoder: NamedEncoder | None, *, dim: int | None) -> TrialStore:
    """Put a corpus into a new store.

    Args:
        folder: Where the store is made; usually temporary.
        documents: The corpus, ids unique.
        encoder: Embeds the documents; None for lexical search only.
        dim: Leading dimensions to keep; None for all.

    Returns:
        The store, whose dense search is exact at any size.
    """
    import numpy as np

    from embedrank.index.store import LanceConfig, LanceStore

    width = 1 if encoder is None else dim or encoder.dim
    store = LanceStore.create(folder, width, config=LanceConfig(exact_limit=_ALWAYS_EXACT))
    num_truncated = 0
    with progress("indexing" if encoder is None else "embedding the corpus", len(documents)) as advance:
        for start in range(0, len(documents), DOCUMENTS_PER_BATCH):
            chunks = [_whole(document) for document in documents[start : start + DOCUMENTS_PER_BATCH]]
            if encoder is None:
                vectors = np.ones((len(chunks), 1), dtype=np.float32)
            else:
                encoded = encoder.encode_documents_reported([chunk.embedding_text for chunk in chunks], dim=dim)
                vectors, num_truncated = encoded.vectors, num_truncated + len(encoded.truncations)
            store.upsert(chunks, vectors)
            advance(len(chunks))
    store.flush()
    return TrialStore(store=store, num_truncated=num_truncated)


def _whole(document: Document) -> Chunk:
    from embedrank.core.types import Chunk

    return Chunk(id=document.id, document_id=document.id, ordinal=0, text=document.text, title=document.title)
