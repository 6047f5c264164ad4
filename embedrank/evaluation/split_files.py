"""The files of a folder of pairs or labelled texts: `<split>.jsonl`, each possibly gzipped."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from embedrank.core.errors import DatasetError

_SUFFIXES: Final = (".jsonl", ".jsonl.gz")
_BEIR_FILES: Final = ("corpus", "queries")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How much of a split is measured.

    Attributes:
        size: Rows or queries at most; None for all.
        seed: The same seed draws the same.
    """

    size: int | None = None
    seed: int = 0

    def draw(self, rows: Sequence[T]) -> list[T]:
        """Draw without replacement; the order stays.

        Args:
            rows: What there is.

        Returns:
            All of it, or `size` of it.
        """
        if self.size is None or self.size >= len(rows):
            return list(rows)
        return [rows[place] for place in sorted(random.Random(self.seed).sample(range(len(rows)), self.size))]


def split_names(folder: Path) -> list[str]:
    """Names of the splits that a folder has files of.

    Args:
        folder: A folder of `<split>.jsonl`.

    Returns:
        Names without suffix, sorted; none for a BEIR folder.
    """
    files = [path.name for path in folder.iterdir() if path.name.endswith(_SUFFIXES)]
    return sorted({_stem(name) for name in files} - set(_BEIR_FILES))


def split_path(folder: Path, split: str) -> Path:
    """The file of a split.

    Args:
        folder: A folder of `<split>.jsonl`.
        split: Its name without suffix.

    Returns:
        The path.

    Raises:
        DatasetError: If there is none; the error names those there are.
    """
    if not folder.is_dir():
        raise DatasetError(folder, "no such folder" if not folder.exists() else "is not a folder")
    for suffix in _SUFFIXES:
        if (path := folder / f"{split}{suffix}").is_file():
            return path
    names = split_names(folder)
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    raise DatasetError(folder, f"no {split}.jsonl" + (f"; there are {shown}" if names else ""))


def text_of(path: Path, line: int, row: dict[str, object], field: str) -> str:
    """A text field of a row.

    Args:
        path: File of the row, for the error.
        line: Its line, from 1, for the error.
        row: The row.
        field: Which field.

    Returns:
        The text, which may be blank.

    Raises:
        DatasetError: If the field is missing or no string; the error names the fields there are.
    """
    value = row.get(field)
    if not isinstance(value, str):
        raise DatasetError(path, f"field {field!r} is missing or not a string (there are {', '.join(row)})", line=line)
    return value


def _stem(name: str) -> str:
    return name.removesuffix(".gz").removesuffix(".jsonl")
