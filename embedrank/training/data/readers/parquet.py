"""Rows of a parquet file, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from embedrank.core.errors import DatasetError
from embedrank.training.data.record import Malformed, Record
from embedrank.training.data.source import SourceConfig

_ROWS_AT_ONCE: Final = 1024


def read(path: Path, source: SourceConfig) -> Iterator[Record | Malformed]:
    """Read a file.

    Args:
        path: The file.
        source: Names columns to leave alone.

    Yields:
        One record for each row.

    Raises:
        DatasetError: If the file is missing or no parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Without pre-buffering a row group is read page by page, however large it is.
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            columns = [name for name in file.schema_arrow.names if name not in source.ignore]
            row = 0
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=columns):
                for fields in batch.to_pylist():
                    row += 1
                    yield Record(line=row, fields=fields)
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(path, f"cannot be read as parquet: {str(error).splitlines()[0]}") from error
