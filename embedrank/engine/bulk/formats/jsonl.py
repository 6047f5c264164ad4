"""One object a line: `id`, `embedding`, `num_tokens`, and `truncated_from` where the text was cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from embedrank.engine.bulk.formats.layout import Layout, RowBatch

_DIGITS: Final = 7


def json_lines(batch: RowBatch) -> Iterator[str]:
    """The lines of some rows.

    Args:
        batch: The rows.

    Yields:
        One line for each, its end included.
    """
    numbers = np.round(batch.vectors.astype(np.float64), _DIGITS).tolist()
    for name, vector, (num_read, num_whole) in zip(batch.ids, numbers, batch.lengths.tolist(), strict=True):
        row: dict[str, object] = {"id": name, "embedding": vector, "num_tokens": num_read}
        if num_whole > num_read:
            row["truncated_from"] = num_whole
        yield json.dumps(row, ensure_ascii=False) + "\n"


def write(batches: Iterator[RowBatch], path: Path, layout: Layout) -> None:
    """Write a file of JSON lines.

    Args:
        batches: The rows.
        path: The file.
        layout: Unused: a line says its own length.
    """
    with path.open("w", encoding="utf-8") as file:
        for batch in batches:
            file.writelines(json_lines(batch))
