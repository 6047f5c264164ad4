"""The rows of a run, read from their place as often as they are needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from embedrank.core.errors import DatasetError
from embedrank.training.data.reading import read_source
from embedrank.training.data.record import Malformed
from embedrank.training.data.source import SourceConfig
from embedrank.training.rows import TrainingRow


class RowSource:
    """Rows of a file in any known layout, or of a split of a BEIR folder.

    Attributes:
        left_out: What became no row, by reason; as far as it was read the last time.
    """

    def __init__(self, path: Path, split: str) -> None:
        """Name the place; nothing is read yet.

        Args:
            path: The file or folder.
            split: Of a BEIR folder.
        """
        self._config = SourceConfig(files=(str(path),), split=split)
        self._name = path.resolve().name if path.is_dir() else ""
        self.left_out: Counter[str] = Counter()

    def read(self) -> Iterator[TrainingRow]:
        """Read from the beginning.

        Yields:
            The rows; those of a folder bear its name as their source.

        Raises:
            DatasetError: If a file is missing or a row is malformed.
        """
        self.left_out.clear()
        for file, row in read_source(self._config):
            if not isinstance(row, Malformed):
                yield row if row.source or not self._name else replace(row, source=self._name)
            elif row.is_fault:
                raise DatasetError(file, row.problem, line=row.line or None)
            else:
                self.left_out[row.reason] += 1
