"""The face of search: an index in a folder that takes documents and answers queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from embedrank.core.errors import InvalidInputError
from embedrank.core.protocols import Encoder, Reranker
from embedrank.core.types import Document, Hit, Skipped
from embedrank.search.catalogue import Catalogue
from embedrank.search.config import SearchConfig
from embedrank.search.explain import explain
from embedrank.search.opening import local_folder, open_store
from embedrank.search.pipeline import SearchPipeline
from embedrank.search.ranking import Ranking
from embedrank.search.recall import Recall
from embedrank.search.stats import IndexStats

if TYPE_CHECKING:
    from embedrank.index.builder import IndexBuilder, IndexReport, Progress
    from embedrank.index.manifest import IndexManifest
    from embedrank.index.store import LanceStore


class SearchIndex:
    """Documents, their vectors and their words in one folder, searched in two stages.

    Use as a context manager, or call `flush` after adding: that brings the full-text index up to date.
    """

    def __init__(
        self,
        store: LanceStore,
        manifest: IndexManifest,
        *,
        embedder: Encoder,
        reranker: Reranker | None,
        config: SearchConfig,
    ) -> None:
        self._store = store
        self._manifest = manifest
        self._embedder = embedder
        self.config = config
        self.catalogue = Catalogue(store)
        recall = Recall(vectors=store, lexical=store)
        self.pipeline = SearchPipeline(recall=recall, chunks=store, encoder=embedder, reranker=reranker)

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        embedder: Encoder,
        reranker: Reranker | None = None,
        create: bool = True,
        dim: int | None = None,
        config: SearchConfig | None = None,
    ) -> SearchIndex:
        """Open an index, or make an empty one.

        Args:
            path: Its folder.
            embedder: The model that embeds documents and queries; for an index that exists, the one it was built with.
            reranker: Second stage; None searches in one stage.
            create: Whether a missing index is made; otherwise it is an error.
            dim: Vector dimensions to store; None for the embedder's own, or for what is stored already.
            config: Choices of the searches that do not make their own.

        Returns:
            The open index.

        Raises:
            IndexNotFoundError: If there is none and `create` is false.
            IndexMismatchError: If it was built with another model, instruction or number of dimensions.
            InvalidInputError: If `path` is no folder, or `dim` is more than the embedder has.
            StorageError: If the folder cannot be read or written.
        """
        store, manifest = open_store(local_folder(path), embedder, dim=dim, create=create)
        return cls(store, manifest, embedder=embedder, reranker=reranker, config=config or SearchConfig())

    def add_paths(self, paths: Sequence[Path | str], on_progress: Progress | None = None) -> IndexReport:
        """Bring the index in line with files and folders: new and changed files in, files that are gone out.

        Args:
            paths: Files and folders.
            on_progress: Told how many documents are done, and of how many where that is known.

        Returns:
            What was added, updated, left alone, removed and skipped, and why.

        Raises:
            InvalidInputError: If a path does not exist.
        """
        return self._builder(on_progress).sync(paths)

    def add(
        self,
        documents: Sequence[Document | Skipped],
        on_progress: Progress | None = None,
        *,
        batch_chunks: int | None = None,
    ) -> IndexReport:
        """Add or replace documents by their ids; those that have not changed are passed over.

        Args:
            documents: Whole documents, which are cut into chunks here, and what a reader left out.
            on_progress: Told how many documents are done, and of how many.
            batch_chunks: Chunks embedded and written at a time; None for many.

        Returns:
            What was added, updated, left alone and skipped, and why.
        """
        return self._builder(on_progress, batch_chunks=batch_chunks).add(documents)

    def remove(self, document_ids: Sequence[str]) -> int:
        """Remove documents.

        Args:
            document_ids: Their ids; unknown ones are passed over.

        Returns:
            Number of chunks removed.
        """
        return self._store.delete(document_ids)

    def similar(self, document_id: str, *, top: int = 10) -> list[Hit]:
        """Find the documents most like one of the index, by the mean of its vectors.

        Args:
            document_id: The document.
            top: Documents wanted.

        Returns:
            Hits, most similar first, one a document; the document itself is not among them.

        Raises:
            InvalidInputError: If there is no such document.
        """
        return self.catalogue.similar(document_id, top=top)

    def search(
        self,
        query: str,
        *,
        top: int = 10,
        recall: int = 100,
        rerank: bool = True,
        instruction: str | None = None,
        where: Mapping[str, object] | None = None,
        dim: int | None = None,
    ) -> list[Hit]:
        """Find the chunks that answer a query.

        Args:
            query: The query text.
            top: Hits wanted.
            recall: Candidates taken from dense and from lexical recall each; at least `top` are.
            rerank: Whether the reranker, where there is one, reads the best candidates.
            instruction: The task in one English sentence; None for the model's own.
            where: Field to wanted value, or to a list of values; `path` and `document_id` work too.
            dim: Leading vector dimensions compared; None for all that are stored.

        Returns:
            Hits, best first, each with the rank and score that every stage gave it.

        Raises:
            InvalidInputError: If the query is blank, or `dim` is more than is stored.
        """
        config = self._config(top=top, recall=recall, rerank=rerank, instruction=instruction, dim=dim)
        return self.hits(self.rank(query, config, where=where), top=top)

    def search_many(
        self,
        queries: Sequence[str],
        *,
        top: int = 10,
        recall: int = 100,
        rerank: bool = True,
        instruction: str | None = None,
        where: Mapping[str, object] | None = None,
        dim: int | None = None,
    ) -> list[list[Hit]]:
        """Answer many queries; they are embedded together.

        Args:
            queries: Query texts.
            top: Hits wanted for each.
            recall: Candidates taken from dense and from lexical recall each; at least `top` are.
            rerank: Whether the reranker, where there is one, reads the best candidates.
            instruction: The task in one English sentence; None for the model's own.
            where: Field to wanted value, or to a list of values.
            dim: Leading vector dimensions compared; None for all that are stored.

        Returns:
            One list of hits for each query, in their order.

        Raises:
            InvalidInputError: If a query is blank, or `dim` is more than is stored.
        """
        config = self._config(top=top, recall=recall, rerank=rerank, instruction=instruction, dim=dim)
        return [self.hits(ranking, top=top) for ranking in self.rank_many(queries, config, where=where)]

    def rank(self, query: str, config: SearchConfig, *, where: Mapping[str, object] | None = None) -> Ranking:
        """Answer a query with all lists of all stages, for those who want more than hits.

        Args:
            query: The query text.
            config: Choices of this search.
            where: Field to wanted value, or to a list of values.

        Returns:
            The ranking.
        """
        return self.pipeline.rank(query, self.fitted(config), where=where)

    def rank_many(
        self, queries: Sequence[str], config: SearchConfig, *, where: Mapping[str, object] | None = None
    ) -> Iterator[Ranking]:
        """Answer many queries with all lists of all stages.

        Args:
            queries: Query texts.
            config: Choices of all these searches.
            where: Field to wanted value, or to a list of values.

        Returns:
            One ranking for each query.
        """
        return self.pipeline.rank_many(queries, self.fitted(config), where=where)

    def hits(self, ranking: Ranking, *, top: int) -> list[Hit]:
        """Make hits of the first places of a ranking."""
        return explain(ranking, top=top)

    def fitted(self, config: SearchConfig) -> SearchConfig:
        """The choices with as many dimensions as are stored, where the caller leaves that open.

        Args:
            config: Choices of a search.

        Returns:
            Choices that this index can answer.

        Raises:
            InvalidInputError: If more dimensions are asked for than are stored.
        """
        if config.dim is not None and config.dim > self._store.dim:
            raise InvalidInputError("dim", f"{config.dim} is more than the {self._store.dim} that this index stores")
        return replace(config, dim=config.dim or self._store.dim)

    def stats(self) -> IndexStats:
        """Count what is in the index."""
        return IndexStats(
            path=str(self._store.path),
            num_documents=len(self._store.documents()),
            num_chunks=self._store.count(),
            dim=self._store.dim,
            model=self._manifest.model_name,
        )

    def flush(self) -> None:
        """Make everything durable and bring the full-text index up to date."""
        self._store.flush()

    def __enter__(self) -> SearchIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.flush()

    def _config(self, *, top: int, recall: int, rerank: bool, instruction: str | None, dim: int | None) -> SearchConfig:
        return replace(
            self.config,
            top=top,
            recall=max(recall, top),
            rerank=rerank and self.config.rerank,
            instruction=self.config.instruction if instruction is None else instruction,
            dim=self.config.dim if dim is None else dim,
        )

    def _builder(self, on_progress: Progress | None, *, batch_chunks: int | None = None) -> IndexBuilder:
        from embedrank.index.builder import BuildConfig, IndexBuilder

        config = BuildConfig(chunking=self._manifest.chunking)
        if batch_chunks is not None:
            config = replace(config, batch_chunks=batch_chunks)
        return IndexBuilder(self._store, self._embedder, config=config, on_progress=on_progress)
