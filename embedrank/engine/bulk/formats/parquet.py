"""A parquet file with the columns of `columns`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from embedrank.engine.bulk.formats.columns import record_batches, schema_of
from embedrank.engine.bulk.formats.layout import Layout, RowBatch


def write(batches: Iterator[RowBatch], path: Path, layout: Layout) -> None:
    """Write a parquet file.

    Args:
        batches: The rows; each batch becomes a row group.
        path: The file.
        layout: Their shape.
    """
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema_of(layout)) as writer:
        for batch in record_batches(batches, layout):
            writer.write_batch(batch)
