"""An index gets the vectors of another model, while it stays whole and searchable with the old ones.

The new vectors are written into a table beside the old one; then the manifest, one file replaced in one step, names the
new table and the new model. Broken off before that, the index is what it was, and the next try goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedrank.core.errors import IndexNotFoundError, InvalidInputError
from embedrank.core.protocols import Encoder
from embedrank.search.opening import local_folder, model_settings

if TYPE_CHECKING:
    from embedrank.core.types import Chunk
    from embedrank.index.manifest import IndexManifest
    from embedrank.index.store import LanceStore

TABLE_PREFIX: Final = "chunks-"
_CHUNKS_AT_ONCE: Final = 512


def chunks_of(path: Path | str) -> Iterator[list[Chunk]]:
    """Read all chunks of an index; no model is needed for that.

    Args:
        path: Its folder.

    Yields:
        The chunks of some whole documents at a time, in order.

    Raises:
        IndexNotFoundError: If there is no index.
    """
    store, _ = _opened(local_folder(path))
    yield from _chunks(store, {name: each.num_chunks for name, each in store.documents().items()})


def reembed(path: Path | str, embedder: Encoder, *, on_progress: Callable[[int, int], None] | None = None) -> int:
    """Give an index the vectors of another model.

    The vectors it had stay on disk until the next time, for those who are searching it now. Documents that are added,
    changed or removed meanwhile are followed.

    Args:
        path: Its folder.
        embedder: The model it shall be searched with from now on.
        on_progress: Told how many chunks are done, and of how many.

    Returns:
        Number of chunks embedded, those of an earlier try that was broken off not counted.

    Raises:
        IndexNotFoundError: If there is no index.
        InvalidInputError: If the model has fewer dimensions than are stored.
        StorageError: If something cannot be written; the index is as it was.
    """
    folder = local_folder(path)
    store, manifest = _opened(folder)
    if embedder.dim < manifest.dim:
        problem = f"gives {embedder.dim} dimensions, {folder} stores {manifest.dim}"
        raise InvalidInputError("embedder", problem, hint="build a new index")
    new = replace(manifest, table=_table_of(embedder), **model_settings(embedder))
    if new.model_fingerprint == manifest.model_fingerprint:
        return 0
    fresh, count = _beside(folder, store, new, current=manifest.table), 0
    while changes := _differing(store, fresh):
        held, total = store.documents(), store.count()
        fresh.delete([name for name in changes if name not in held])
        for chunks in _chunks(store, {name: held[name].num_chunks for name in changes if name in held}):
            vectors = embedder.encode_documents([chunk.embedding_text for chunk in chunks], dim=manifest.dim)
            fresh.upsert(chunks, vectors)
            count += len(chunks)
            if on_progress:
                on_progress(fresh.count(), total)
    fresh.flush()
    new.save(folder)
    return count


def _opened(folder: Path) -> tuple[LanceStore, IndexManifest]:
    from embedrank.index.manifest import IndexManifest
    from embedrank.index.store import LanceStore

    manifest = IndexManifest.load(folder)
    if not LanceStore.exists(folder, table=manifest.table):
        raise IndexNotFoundError(folder)
    return LanceStore.open(folder, table=manifest.table), manifest


def _table_of(embedder: Encoder) -> str:
    """A name that tells the model, so that only vectors of the same model are gone on with."""
    return f"{TABLE_PREFIX}{hashlib.blake2b(embedder.fingerprint.encode(), digest_size=6).hexdigest()}"


def _beside(folder: Path, store: LanceStore, manifest: IndexManifest, *, current: str) -> LanceStore:
    """The table to fill: one begun before, or a new one; tables that are neither this nor the current one go."""
    from embedrank.index.store import LanceStore

    for table in LanceStore.tables(folder):
        if table not in (current, manifest.table):
            LanceStore.drop(folder, table=table)
    if LanceStore.exists(folder, table=manifest.table):
        return LanceStore.open(folder, config=store.config, table=manifest.table)
    return LanceStore.create(folder, manifest.dim, config=store.config, table=manifest.table)


def _differing(store: LanceStore, fresh: LanceStore) -> list[str]:
    """Ids of documents that one of them has not, or has another version of."""
    held, made = store.document_hashes(), fresh.document_hashes()
    return [name for name in {**held, **made} if held.get(name) != made.get(name)]


def _chunks(store: LanceStore, documents: Mapping[str, int]) -> Iterator[list[Chunk]]:
    """The chunks of documents, given with how many each has, some whole documents at a time."""
    names = list[str]()
    for place, (document, num_chunks) in enumerate(documents.items(), start=1):
        names += [f"{document}#{ordinal}" for ordinal in range(num_chunks)]
        if names and (len(names) >= _CHUNKS_AT_ONCE or place == len(documents)):
            yield store.get(names)
            names = []
