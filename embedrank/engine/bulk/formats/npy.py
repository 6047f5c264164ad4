"""The bare matrix `[n, dim]`, rows in the order of the input."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from embedrank.engine.bulk.formats.layout import Layout, RowBatch

HEADER_BYTES: Final = 128
"""Length of the header, whatever the number of rows: it can be written last."""


def npy_header(layout: Layout) -> bytes:
    """The beginning of a `.npy` file.

    Args:
        layout: Shape and number type.

    Returns:
        `HEADER_BYTES` bytes.
    """
    header = io.BytesIO()
    shape = (layout.num_rows, layout.width)
    fields = {"descr": np.lib.format.dtype_to_descr(layout.dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, fields)
    assert len(header.getvalue()) == HEADER_BYTES, "numpy pads the header to a multiple of 64 bytes"
    return header.getvalue()


def write(batches: Iterator[RowBatch], path: Path, layout: Layout) -> None:
    """Write a `.npy` file.

    Args:
        batches: The rows.
        path: The file.
        layout: Their shape.
    """
    with path.open("wb") as file:
        file.write(npy_header(layout))
        for batch in batches:
            file.write(np.ascontiguousarray(batch.vectors, dtype=layout.dtype).data)
