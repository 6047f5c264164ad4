"""Rows as Arrow columns: `id`, `embedding` (a fixed-size list) and `num_tokens`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from embedrank.engine.bulk.formats.layout import Layout, RowBatch


def schema_of(layout: Layout) -> Any:
    """The Arrow schema of an output.

    Args:
        layout: Width and number type.

    Returns:
        A `pyarrow.Schema`.
    """
    import pyarrow as pa

    numbers = pa.from_numpy_dtype(layout.dtype)
    return pa.schema([("id", pa.string()), ("embedding", pa.list_(numbers, layout.width)), ("num_tokens", pa.int32())])


def record_batches(batches: Iterator[RowBatch], layout: Layout) -> Iterator[Any]:
    """Rows as record batches.

    Args:
        batches: The rows.
        layout: Width and number type.

    Yields:
        One `pyarrow.RecordBatch` for each batch.
    """
    import pyarrow as pa

    schema = schema_of(layout)
    for batch in batches:
        flat = pa.array(batch.vectors.reshape(-1))
        vectors = pa.FixedSizeListArray.from_arrays(flat, layout.width)
        tokens = pa.array(batch.lengths[:, 0], type=pa.int32())
        yield pa.record_batch([pa.array(batch.ids, type=pa.string()), vectors, tokens], schema=schema)
