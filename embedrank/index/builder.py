"""Builds and refreshes an index: cut, embed, store, batch by batch.

A batch holds whole documents and is one commit, so an interrupted run leaves a sound index and the next run, which
passes over what is unchanged, completes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.protocols import Encoder
from embedrank.core.types import Chunk, Document, FloatArray, Skipped
from embedrank.index.chunking import ChunkConfig, chunk_document, document_hash
from embedrank.index.ingest import IngestConfig, absolute, find_files, read_file
from embedrank.index.readers import MANY_DOCUMENTS
from embedrank.index.store import StoredDocument

Progress: TypeAlias = Callable[[int, int | None], None]
"""Told after each document how many are done and, where known, of how many."""


class DocumentStore(Protocol):
    """What the builder needs of a store."""

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        ...

    def upsert(self, chunks: Sequence[Chunk], vectors: FloatArray) -> None:
        """Replace all chunks of the named documents in one atomic step."""
        ...

    def delete(self, document_ids: Sequence[str]) -> int:
        """Remove documents."""
        ...

    def documents(self) -> Mapping[str, StoredDocument]:
        """Every stored document."""
        ...

    def flush(self) -> None:
        """Bring the indexes up to date."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildConfig:
    """How an index is built.

    Attributes:
        chunking: How documents are cut.
        ingest: Which files are looked at.
        batch_chunks: Chunks embedded and stored at a time, and more only where one document has more.
    """

    chunking: ChunkConfig = field(default_factory=ChunkConfig)
    ingest: IngestConfig = field(default_factory=IngestConfig)
    batch_chunks: int = 512

    def __post_init__(self) -> None:
        if self.batch_chunks < 1:
            raise ConfigError("build", "batch_chunks", self.batch_chunks, "must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What a run did.

    Attributes:
        added: New documents.
        updated: Documents whose text, title, metadata or cutting had changed.
        unchanged: Documents passed over.
        removed: Documents that are gone from their folder or have become empty.
        skipped: Everything left out, with the reason.
        chunks: Chunks embedded and written.
        seconds: Wall time.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: Sequence[Skipped] = ()
    chunks: int = 0
    seconds: float = 0.0


class IndexBuilder:
    """Adds documents to a store, or brings it in line with folders."""

    def __init__(
        self,
        store: DocumentStore,
        encoder: Encoder,
        *,
        config: BuildConfig | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        if store.dim > encoder.dim:
            raise InvalidInputError("encoder", f"gives {encoder.dim} dimensions, the index needs {store.dim}")
        self._store = store
        self._encoder = encoder
        self._config = config or BuildConfig()
        self._on_progress = on_progress

    def add(self, documents: Iterable[Document | Skipped]) -> IndexReport:
        """Add or replace documents; those whose hash is stored already are passed over.

        Args:
            documents: Documents, and what a reader left out.

        Returns:
            What was done.

        Raises:
            StorageError: If a batch could not be written; batches before it stay.
        """
        run = self._run()
        run.take_all(documents, len(documents) if isinstance(documents, Sized) else None)
        return run.finish()

    def sync(self, paths: Sequence[Path | str]) -> IndexReport:
        """Bring the index in line with files and folders: add, replace, and remove what is gone under them.

        A file that is there but cannot be read this time keeps what is stored of it and is reported.

        Args:
            paths: Files and folders. A path that no longer exists is an error unless documents of it are stored.

        Returns:
            What was done.

        Raises:
            InvalidInputError: If a path does not exist.
            StorageError: If a batch could not be written; batches before it stay.
        """
        run = self._run()
        roots = [absolute(path) for path in paths]
        found = list(find_files(roots, self._config.ingest))
        single = all(isinstance(item, Skipped) or item.suffix.lower() not in MANY_DOCUMENTS for item in found)
        run.take_all(_read(found), len(found) if single else None)
        run.remove_unseen(roots)
        return run.finish()

    def _run(self) -> _Run:
        return _Run(self._store, self._encoder, self._config, self._on_progress)


def _read(found: Iterable[Path | Skipped]) -> Iterator[Document | Skipped]:
    for item in found:
        if isinstance(item, Skipped):
            yield item
        else:
            yield from read_file(item)


class _Run:
    """The state of one run."""

    def __init__(
        self, store: DocumentStore, encoder: Encoder, config: BuildConfig, on_progress: Progress | None
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._config = config
        self._on_progress = on_progress
        self._began = time.monotonic()
        self._stored = store.documents()
        self._seen: set[str] = set()
        self._batch: list[Chunk] = []
        self._skipped: list[Skipped] = []
        self._counts = dict.fromkeys(("added", "updated", "unchanged", "removed", "chunks"), 0)

    def take_all(self, items: Iterable[Document | Skipped], total: int | None) -> None:
        for done, item in enumerate(items, start=1):
            if isinstance(item, Skipped):
                self._skipped.append(item)
            else:
                self._take(item)
            if len(self._batch) >= self._config.batch_chunks:
                self._write()
            if self._on_progress:
                self._on_progress(done, total)
        self._write()

    def remove_unseen(self, roots: Sequence[Path]) -> None:
        """Remove stored documents under the roots that were not met, unless their file could not be read."""
        unread = {item.name.rpartition(" line ")[0] or item.name for item in self._skipped}
        folders = {Path(item.name) for item in self._skipped}
        gone = [
            name
            for name, document in self._stored.items()
            if name not in self._seen and document.path is not None and _under(document.path, roots)
            if document.path not in unread and folders.isdisjoint(Path(document.path).parents)
        ]
        self._remove(gone)

    def finish(self) -> IndexReport:
        self._store.flush()
        return IndexReport(**self._counts, skipped=tuple(self._skipped), seconds=time.monotonic() - self._began)

    def _take(self, document: Document) -> None:
        if document.id in self._seen:
            self._skipped.append(Skipped(name=document.id, reason="the id came before in this run"))
            return
        self._seen.add(document.id)
        stored = self._stored.get(document.id)
        if stored and stored.hash == document_hash(document, self._config.chunking):
            self._counts["unchanged"] += 1
            return
        chunks = chunk_document(document, self._config.chunking)
        if not chunks:
            self._skipped.append(Skipped(name=document.id, reason="no text"))
            self._remove([document.id] if stored else [])
            return
        self._batch += chunks
        self._counts["updated" if stored else "added"] += 1

    def _write(self) -> None:
        if not self._batch:
            return
        size = self._config.batch_chunks
        texts = [chunk.embedding_text for chunk in self._batch]
        pieces = [
            self._encoder.encode_documents(texts[start : start + size], dim=self._store.dim)
            for start in range(0, len(texts), size)
        ]
        self._store.upsert(self._batch, np.concatenate(pieces))
        self._counts["chunks"] += len(self._batch)
        self._batch = []

    def _remove(self, names: Sequence[str]) -> None:
        if names:
            self._store.delete(names)
            self._counts["removed"] += len(names)


def _under(path: str, roots: Iterable[Path]) -> bool:
    place = Path(path)
    return any(place == root or root in place.parents for root in roots)
