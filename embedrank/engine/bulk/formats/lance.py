"""A Lance dataset with the columns of `columns`: what LanceDB opens as a table."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from embedrank.engine.bulk.formats.columns import record_batches, schema_of
from embedrank.engine.bulk.formats.layout import Layout, RowBatch


def write(batches: Iterator[RowBatch], path: Path, layout: Layout) -> None:
    """Write a Lance dataset.

    Args:
        batches: The rows.
        path: Folder whose name ends in `.lance`; what is there is replaced.
        layout: Their shape.
    """
    import lancedb
    import pyarrow as pa

    if path.exists():
        shutil.rmtree(path)
    rows = pa.RecordBatchReader.from_batches(schema_of(layout), record_batches(batches, layout))
    lancedb.connect(path.parent).create_table(path.stem, data=rows)
