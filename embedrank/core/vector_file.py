"""The vectors of a corpus on disk: bare float32 rows, appended, read a block at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from embedrank.core.errors import StorageError
from embedrank.core.types import FloatArray


class VectorFile:
    """One encoder's vectors, in the order of the documents."""

    def __init__(self, path: Path, width: int, num_rows: int) -> None:
        """Open a file and forget what came after its last durable row.

        Args:
            path: The file; made where it is not there.
            width: Numbers per vector.
            num_rows: Rows known to be durable.

        Raises:
            StorageError: If it holds fewer.
        """
        path.touch()
        self._path, self._width, self.num_rows = path, width, num_rows
        size = num_rows * width * 4
        if path.stat().st_size < size:
            raise StorageError(path, "is shorter than the journal says (begin anew with --restart)")
        os.truncate(path, size)

    def append(self, vectors: FloatArray) -> None:
        """Add rows and make them durable.

        Args:
            vectors: Float32 `[n, width]`.
        """
        with self._path.open("ab") as file:
            file.write(np.ascontiguousarray(vectors, dtype=np.float32).data)
            file.flush()
            os.fsync(file.fileno())
        self.num_rows += len(vectors)

    def blocks(self, num_rows: int) -> Iterator[FloatArray]:
        """All rows, some at a time.

        Args:
            num_rows: How many at most.

        Yields:
            Float32 `[n, width]`.
        """
        with self._path.open("rb") as file:  # read, not mapped: mapped pages would count as this process's memory
            for start in range(0, self.num_rows, num_rows):
                count = min(num_rows, self.num_rows - start) * self._width
                yield np.fromfile(file, dtype=np.float32, count=count).reshape(-1, self._width)

    def rows(self, places: Sequence[int]) -> FloatArray:
        """Float32 `[n, width]`: the rows of some documents."""
        if not len(places):
            return np.empty((0, self._width), dtype=np.float32)
        mapped = np.memmap(self._path, dtype=np.float32, mode="r", shape=(self.num_rows, self._width))
        return np.asarray(mapped)[np.asarray(places, dtype=np.int64)]
