"""The embedded store: chunks, vectors and full text in one LanceDB table in one folder.

Every write is one commit of the table, so a reader or a crash sees whole documents or none of them. Up to
`exact_limit` chunks vectors are searched exactly in memory; beyond it by an IVF_HNSW_SQ index with rescoring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from embedrank.core.errors import IndexNotFoundError, InvalidInputError
from embedrank.core.types import Chunk, FloatArray, Scored
from embedrank.index.analysis import query_terms
from embedrank.index.store.config import TABLE, LanceConfig
from embedrank.index.store.exact import best, unit
from embedrank.index.store.failures import clear_errors
from embedrank.index.store.filters import FACETS_COLUMN, condition, in_list
from embedrank.index.store.nearest import NearestChunks
from embedrank.index.store.reading import facet_counts, names, narrowed, select
from embedrank.index.store.rows import CHUNK_COLUMNS, table_schema, to_chunk, to_rows
from embedrank.index.store.upkeep import bring_up_to_date

if TYPE_CHECKING:
    from lancedb import DBConnection
    from lancedb.table import Table

_IDS_A_LOOKUP: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """What the store knows of a document without reading its text."""

    hash: str
    path: str | None
    num_chunks: int


class LanceStore:
    """Vector store, lexical index and chunk reader over one folder. One process writes; any number read."""

    def __init__(self, path: Path, table: Table, config: LanceConfig) -> None:
        self.path = path
        self.config = config
        self.dim: int = table.schema.field("vector").type.list_size
        self._table = table
        self._nearest = NearestChunks(table, config)
        self._unflushed_writes = 0

    @classmethod
    def create(cls, path: Path | str, dim: int, *, config: LanceConfig | None = None, table: str = TABLE) -> LanceStore:
        """Make an empty store.

        Args:
            path: Folder; made where it is missing.
            dim: Length of the vectors.
            config: Settings.
            table: Name of the table in the folder.

        Returns:
            The store.

        Raises:
            InvalidInputError: If there is a store already or `dim` is not positive.
            StorageError: If the folder cannot be written.
        """
        folder = Path(path)
        if dim < 1:
            raise InvalidInputError("dim", f"{dim} is not a positive number")
        if cls.exists(folder, table=table):
            raise InvalidInputError(str(folder), "there is an index already", hint="open it, or delete the folder")
        with clear_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            made = _connect(folder).create_table(table, schema=table_schema(dim))
        return cls(folder, made, config or LanceConfig())

    @classmethod
    def open(cls, path: Path | str, *, config: LanceConfig | None = None, table: str = TABLE) -> LanceStore:
        """Open a store that is there.

        Args:
            path: Its folder.
            config: Settings.
            table: Name of the table in the folder.

        Returns:
            The store.

        Raises:
            IndexNotFoundError: If there is none.
            StorageError: If it cannot be read.
        """
        folder = Path(path)
        if not cls.exists(folder, table=table):
            raise IndexNotFoundError(folder)
        with clear_errors(folder):
            return cls(folder, _connect(folder).open_table(table), config or LanceConfig())

    @staticmethod
    def exists(path: Path | str, *, table: str = TABLE) -> bool:
        """Whether a folder holds a store of this name."""
        return (Path(path) / f"{table}.lance").is_dir()

    @staticmethod
    def tables(path: Path | str) -> list[str]:
        """Names of all tables in a folder, sorted."""
        return sorted(each.stem for each in Path(path).glob("*.lance"))

    @staticmethod
    def drop(path: Path | str, *, table: str) -> None:
        """Remove a table; one that is not there is passed over.

        Args:
            path: Folder.
            table: Its name.

        Raises:
            StorageError: If it cannot be removed.
        """
        if LanceStore.exists(path, table=table):
            with clear_errors(Path(path)):
                _connect(Path(path)).drop_table(table)

    def upsert(self, chunks: Sequence[Chunk], vectors: FloatArray) -> None:
        """Write all chunks of the named documents in one atomic step, replacing what was there of these documents.

        Args:
            chunks: All chunks of one or more whole documents.
            vectors: Float32 `[n, dim]`; rows are brought to length 1.

        Raises:
            InvalidInputError: If counts or lengths differ, an id comes twice, or a vector is not finite.
            StorageError: If nothing could be written.
        """
        if not chunks:
            return
        _check(chunks, vectors, self.dim)
        named = in_list("document_id", sorted({chunk.document_id for chunk in chunks}))
        with clear_errors(self.path):
            rows = to_rows(chunks, unit(np.asarray(vectors, dtype=np.float32)))
            self._unflushed_writes += 1
            if self._table.count_rows(named):
                merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                merge.when_not_matched_by_source_delete(named).execute(rows)
            else:
                self._table.add(rows)
        if self._unflushed_writes >= self.config.writes_per_upkeep:
            self.flush()

    def delete(self, document_ids: Sequence[str]) -> int:
        """Remove documents; returns the number of chunks removed."""
        removed = 0
        with clear_errors(self.path):
            for ids in _batches(document_ids):
                named = in_list("document_id", ids)
                if count := self._table.count_rows(named):
                    self._unflushed_writes += 1
                    self._table.delete(named)
                    removed += count
        return removed

    def search(
        self, vector: FloatArray, *, top: int, where: Mapping[str, object] | None = None, dim: int | None = None
    ) -> list[Scored]:
        """The chunks nearest by cosine.

        Args:
            vector: Query, `[dim]` or longer.
            top: How many.
            where: Filter, see `filters.condition`.
            dim: Compare this many leading numbers only, renormalised; None means all.

        Returns:
            At most `top` rows, best first.

        Raises:
            InvalidInputError: If the vector is not finite or too short, or `top` or `dim` is out of range.
            StorageError: If the store cannot be read.
        """
        _check_top(top)
        query = _query(vector, self.dim, self.dim if dim is None else dim)
        only = condition(where)
        with clear_errors(self.path):
            return self._nearest.search(query, top=top, only=only)

    def search_text(self, query: str, *, top: int, where: Mapping[str, object] | None = None) -> list[Scored]:
        """The chunks with the highest BM25 score.

        Unflushed writes of this process are flushed first; those of another process are found, but weighed by the
        word statistics of its last flush.

        Args:
            query: Plain words in any script; nothing in it is query syntax.
            top: How many.
            where: Filter, see `filters.condition`.

        Returns:
            At most `top` rows, best first; empty where no term matches.

        Raises:
            InvalidInputError: If `top` is not positive.
            StorageError: If the store cannot be read.
        """
        from lancedb.query import MatchQuery

        _check_top(top)
        wanted = " ".join(query_terms(query)[: self.config.max_query_terms])
        only = condition(where)
        if not wanted or not self.count():
            return []
        if self._unflushed_writes:
            self.flush()
        with clear_errors(self.path):
            search = self._table.search(MatchQuery(wanted, "terms"), query_type="fts").limit(top)  # type: ignore[call-arg]
            rows = narrowed(search, only).select(["id", "_score"]).to_arrow()
        return best(names(rows), rows.column("_score").to_numpy(), top)

    def get(self, ids: Sequence[str]) -> list[Chunk]:
        """Chunks in the order of `ids`; ids that are gone are left out."""
        found: dict[str, Chunk] = {}
        with clear_errors(self.path):
            for batch in _batches(ids):
                rows = select(self._table, CHUNK_COLUMNS, in_list("id", batch)).to_pylist()
                found.update((row["id"], to_chunk(row)) for row in rows)
        return [found[name] for name in ids if name in found]

    def vectors(self, ids: Sequence[str]) -> dict[str, FloatArray]:
        """Stored unit vectors by chunk id; ids that are gone are left out."""
        found: dict[str, FloatArray] = {}
        with clear_errors(self.path):
            for batch in _batches(ids):
                found.update(self._nearest.rows(batch))
        return found

    def count(self) -> int:
        """Number of chunks stored."""
        with clear_errors(self.path):
            return int(self._table.count_rows())

    @property
    def version(self) -> int:
        """A number that grows with every write, of this process or another."""
        with clear_errors(self.path):
            return int(self._table.version)

    def ids(self, where: Mapping[str, object] | None = None) -> list[str]:
        """All chunk ids, or those that a filter takes, sorted."""
        only = condition(where)
        with clear_errors(self.path):
            return sorted(names(select(self._table, ("id",), only)))

    def values(self, key: str) -> dict[str, int]:
        """Values of a metadata key, with the number of chunks that have them, most frequent first."""
        with clear_errors(self.path):
            return facet_counts(select(self._table, (FACETS_COLUMN,)).column(FACETS_COLUMN), key)

    def documents(self, where: Mapping[str, object] | None = None) -> dict[str, StoredDocument]:
        """Every document, or those that a filter takes, with its hash, path and number of chunks."""
        only = condition(where)
        with clear_errors(self.path):
            rows = select(self._table, ("document_id", "document_hash", "path"), only)
            counted = rows.group_by(["document_id", "document_hash", "path"]).aggregate([([], "count_all")])
        return {
            row["document_id"]: StoredDocument(hash=row["document_hash"], path=row["path"], num_chunks=row["count_all"])
            for row in sorted(counted.to_pylist(), key=lambda row: str(row["document_id"]))
        }

    def document_hashes(self) -> dict[str, str]:
        """Document id to document hash."""
        return {name: document.hash for name, document in self.documents().items()}

    def flush(self) -> None:
        """Make everything durable, bring both indexes up to date, compact, and drop versions that no one reads."""
        with clear_errors(self.path):
            bring_up_to_date(
                self._table,
                with_vectors=self._table.count_rows() > self.config.exact_limit,
                keep=timedelta(seconds=self.config.keep_versions_s),
            )
        self._unflushed_writes = 0


def _connect(folder: Path) -> DBConnection:
    import lancedb

    return lancedb.connect(folder, read_consistency_interval=timedelta(0))


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _IDS_A_LOOKUP):
        yield names[start : start + _IDS_A_LOOKUP]


def _check_top(top: int) -> None:
    if top < 1:
        raise InvalidInputError("top", f"{top} is not a positive number")


def _query(vector: FloatArray, stored: int, dim: int) -> FloatArray:
    """The part of a query vector that is compared, at length 1."""
    if not 1 <= dim <= stored:
        raise InvalidInputError("dim", f"{dim} is not between 1 and {stored}")
    flat = np.asarray(vector, dtype=np.float32).reshape(-1)
    if not dim <= len(flat) <= stored:
        raise InvalidInputError("query vector", f"has {len(flat)} dimensions, the index has {stored}")
    if not np.isfinite(flat).all():
        raise InvalidInputError("query vector", "has values that are not finite")
    return unit(flat[:dim])


def _check(chunks: Sequence[Chunk], vectors: FloatArray, dim: int) -> None:
    if vectors.shape != (len(chunks), dim):
        raise InvalidInputError("vectors", f"have shape {vectors.shape}, expected {(len(chunks), dim)}")
    if len({chunk.id for chunk in chunks}) != len(chunks):
        raise InvalidInputError("chunks", "an id comes twice")
    if not np.isfinite(vectors).all():
        raise InvalidInputError("vectors", "hold values that are not finite")
