"""The table layout, and chunks as rows of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from embedrank.core.types import Chunk, FloatArray
from embedrank.index.analysis import terms
from embedrank.index.store.filters import facets

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_COLUMNS: Final = (
    "id",
    "document_id",
    "ordinal",
    "text",
    "title",
    "path",
    "start_line",
    "document_hash",
    "metadata",
)
"""What it takes to make a chunk again."""


def table_schema(dim: int) -> pa.Schema:
    """Columns of the chunk table: the chunk, its filterable pairs, its terms for BM25, its vector."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("document_id", pa.string(), nullable=False),
            pa.field("ordinal", pa.int32(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            pa.field("title", pa.string(), nullable=False),
            pa.field("path", pa.string()),
            pa.field("start_line", pa.int32()),
            pa.field("document_hash", pa.string(), nullable=False),
            pa.field("metadata", pa.string(), nullable=False),
            pa.field("facets", pa.list_(pa.string())),
            pa.field("terms", pa.string(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), dim), nullable=False),
        ]
    )


def to_rows(chunks: Sequence[Chunk], vectors: FloatArray) -> pa.Table:
    """Chunks and their vectors as a table.

    Args:
        chunks: Chunks.
        vectors: Float32 `[n, dim]`, one row a chunk.

    Returns:
        A table with the columns of `table_schema`.
    """
    import pyarrow as pa

    schema = table_schema(vectors.shape[1])
    columns: dict[str, Any] = {
        name: [getattr(chunk, name) for chunk in chunks] for name in CHUNK_COLUMNS if name != "metadata"
    }
    columns["metadata"] = [json.dumps(dict(chunk.metadata), ensure_ascii=False, sort_keys=True) for chunk in chunks]
    columns["facets"] = [facets(chunk.metadata) for chunk in chunks]
    columns["terms"] = [" ".join(terms(chunk.embedding_text)) for chunk in chunks]
    columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    return pa.table(columns, schema=schema)


def to_chunk(row: Mapping[str, Any]) -> Chunk:
    """A row with the columns of `CHUNK_COLUMNS` as a chunk."""
    values = {name: row[name] for name in CHUNK_COLUMNS}
    return Chunk(**{**values, "metadata": json.loads(values["metadata"])})
