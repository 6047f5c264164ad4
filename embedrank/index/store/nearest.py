"""Finds the nearest vectors of a table: exactly in memory while it is small, by its approximate index beyond."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from embedrank.core.types import FloatArray, Scored
from embedrank.index.store.config import LanceConfig
from embedrank.index.store.exact import ExactVectors, best
from embedrank.index.store.filters import in_list
from embedrank.index.store.reading import matrix, names, narrowed, select
from embedrank.index.store.upkeep import has_vector_index

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.query import LanceVectorQueryBuilder
    from lancedb.table import Table

_ROWS_A_SCAN = 4096
_LEAST_EF = 64


class NearestChunks:
    """Vector search over one table; the matrix in memory follows the table's version."""

    def __init__(self, table: Table, config: LanceConfig) -> None:
        self._table = table
        self._config = config
        self._dim: int = table.schema.field("vector").type.list_size
        self._exact: ExactVectors | None = None
        self._lock = threading.Lock()

    def search(self, query: FloatArray, *, top: int, only: str | None) -> list[Scored]:
        """The chunks nearest by cosine.

        Args:
            query: Unit vector; a shorter one is compared with renormalised prefixes.
            top: How many.
            only: SQL condition; None means all.

        Returns:
            At most `top` rows, best first.
        """
        if self._is_small():
            allowed = None if only is None else names(select(self._table, ("id",), only))
            return self._in_memory().search(query, top=top, allowed=allowed)
        if len(query) < self._dim:
            return self._scanned(query, top, only)
        return self._approximate(query, top, only)

    def rows(self, ids: Sequence[str]) -> dict[str, FloatArray]:
        """Stored vectors by id; ids that are gone are left out."""
        if self._is_small():
            return self._in_memory().rows(ids)
        found = select(self._table, ("id", "vector"), in_list("id", ids))
        return dict(zip(names(found), matrix(found, self._dim), strict=True))

    def _is_small(self) -> bool:
        return self._table.count_rows() <= self._config.exact_limit

    def _in_memory(self) -> ExactVectors:
        """The matrix of the newest version, loaded once for each."""
        with self._lock:
            version = int(self._table.version)
            if self._exact is None or self._exact.version != version:
                rows = select(self._table, ("id", "vector"))
                self._exact = ExactVectors(names(rows), matrix(rows, self._dim), version=version)
            return self._exact

    def _approximate(self, query: FloatArray, top: int, only: str | None) -> list[Scored]:
        """The approximate index with exact rescoring; where there is none, or a filter starves it, every row."""
        wanted = top * self._config.candidates
        if has_vector_index(self._table):
            search = self._nearest(query, top, only).refine_factor(self._config.candidates)
            rows = search.ef(max(_LEAST_EF, 2 * wanted)).to_arrow()
            if only is None or rows.num_rows >= top:
                return _scored(rows, top)
        return _scored(self._nearest(query, top, only).bypass_vector_index().to_arrow(), top)

    def _nearest(self, query: FloatArray, top: int, only: str | None) -> LanceVectorQueryBuilder:
        from lancedb.query import LanceVectorQueryBuilder

        search = self._table.search(query, vector_column_name="vector", query_type="vector")
        assert isinstance(search, LanceVectorQueryBuilder)
        search.distance_type("dot").select(["id", "_distance"]).limit(top)
        narrowed(search, only)
        return search

    def _scanned(self, query: FloatArray, top: int, only: str | None) -> list[Scored]:
        """Prefixes of every row in bounded memory: the approximate index knows whole vectors only."""
        import pyarrow as pa

        search = self._table.search().select(["id", "vector"]).limit(None)
        kept: list[Scored] = []
        for batch in narrowed(search, only).to_batches(_ROWS_A_SCAN):
            rows = pa.Table.from_batches([batch])
            part = ExactVectors(names(rows), matrix(rows, self._dim), version=0)
            kept = sorted([*kept, *part.search(query, top=top)], key=lambda row: (-row.score, row.id))[:top]
        return kept


def _scored(rows: pa.Table, top: int) -> list[Scored]:
    return best(names(rows), 1 - np.asarray(rows.column("_distance")), top)
