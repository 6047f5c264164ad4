"""Reading columns of the table as plain values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from embedrank.core.types import FloatArray

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.query import LanceQueryBuilder
    from lancedb.table import Table


def select(table: Table, columns: Sequence[str], only: str | None = None) -> pa.Table:
    """Columns of all rows, or of those that satisfy an SQL condition."""
    return narrowed(table.search().select(list(columns)).limit(None), only).to_arrow()


def narrowed(search: LanceQueryBuilder, only: str | None) -> LanceQueryBuilder:
    """A search, narrowed to an SQL condition where there is one."""
    return search if only is None else search.where(only)


def names(rows: pa.Table) -> list[str]:
    """The `id` column."""
    found: list[str] = rows.column("id").to_pylist()
    return found


def facet_counts(facets: pa.ChunkedArray, key: str) -> dict[str, int]:
    """How often each value of a metadata key stands in a `facets` column, most frequent first."""
    import pyarrow.compute as pc

    counted = pc.value_counts(pc.list_flatten(facets)).to_pylist()
    pairs = [(json.loads(row["values"]), row["counts"]) for row in counted]
    found = {value: count for (name, value), count in pairs if name == key}
    return dict(sorted(found.items(), key=lambda row: (-row[1], row[0])))


def matrix(rows: pa.Table, dim: int) -> FloatArray:
    """The `vector` column as float32 `[n, dim]`."""
    flat: FloatArray = rows.column("vector").combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(-1, dim)
