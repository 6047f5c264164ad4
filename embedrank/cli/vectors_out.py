"""Writing vectors: jsonl, npy or parquet, chosen by the suffix of the file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from embedrank.core.errors import InvalidInputError, StorageError

if TYPE_CHECKING:
    from embedrank.core.types import FloatArray, Truncation


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedVectors:
    """Vectors with what is known of each.

    Attributes:
        ids: One name for each row.
        vectors: Float32 `[n, dim]`.
        num_tokens: Tokens read of each text.
        truncations: Texts that were cut; `index` is the row.
    """

    ids: Sequence[str]
    vectors: FloatArray
    num_tokens: Sequence[int]
    truncations: Sequence[Truncation]


def _rows(batch: NamedVectors) -> Iterator[str]:
    whole = {cut.index: cut.num_tokens for cut in batch.truncations}
    for place, name in enumerate(batch.ids):
        row: dict[str, object] = {"id": name, "embedding": [round(float(x), 7) for x in batch.vectors[place]]}
        row["num_tokens"] = batch.num_tokens[place]
        if place in whole:
            row["truncated_from"] = whole[place]
        yield json.dumps(row, ensure_ascii=False) + "\n"


def write_jsonl(batch: NamedVectors, path: Path) -> None:
    """One object a line: `id`, `embedding`, `num_tokens`, and `truncated_from` where the text was cut.

    Args:
        batch: What to write.
        path: File to write.
    """
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(_rows(batch))


def write_npy(batch: NamedVectors, path: Path) -> None:
    """The bare float32 matrix `[n, dim]`, rows in the order of the input.

    Args:
        batch: What to write.
        path: File to write.
    """
    import numpy as np

    np.save(path, batch.vectors, allow_pickle=False)


def write_parquet(batch: NamedVectors, path: Path) -> None:
    """Columns `id`, `embedding` (fixed-size list of float32) and `num_tokens`.

    Args:
        batch: What to write.
        path: File to write.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    flat = pa.array(batch.vectors.reshape(-1), type=pa.float32())
    vectors = pa.FixedSizeListArray.from_arrays(flat, batch.vectors.shape[1])
    tokens = pa.array(batch.num_tokens, type=pa.int32())
    pq.write_table(pa.table({"id": pa.array(batch.ids), "embedding": vectors, "num_tokens": tokens}), path)


WRITERS: Final[Mapping[str, Callable[[NamedVectors, Path], None]]] = MappingProxyType(
    {".jsonl": write_jsonl, ".npy": write_npy, ".parquet": write_parquet}
)


def require_writable(path: Path) -> None:
    """Refuse an output file before any work is done for it.

    Args:
        path: Where vectors shall go.

    Raises:
        InvalidInputError: If the suffix names no format or the folder is not there.
    """
    if path.suffix not in WRITERS:
        raise InvalidInputError(str(path), f"unknown format {path.suffix!r}", hint=f"use {', '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise InvalidInputError(str(path.parent), "no such folder")


def write_vectors(batch: NamedVectors, path: Path | None) -> None:
    """Write vectors to a file, or as jsonl to stdout.

    Args:
        batch: What to write.
        path: File to write; None for stdout.

    Raises:
        StorageError: If the file cannot be written.
    """
    if path is None:
        sys.stdout.writelines(_rows(batch))
        return
    try:
        WRITERS[path.suffix](batch, path)
    except OSError as error:
        raise StorageError(path, f"cannot write: {error.strerror or error}") from error
