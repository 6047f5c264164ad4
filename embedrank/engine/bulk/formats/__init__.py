"""Formats of an output: one file a format, chosen by suffix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from embedrank.engine.bulk.formats import jsonl, lance, npy, parquet
from embedrank.engine.bulk.formats.layout import Layout, RowBatch

Write: TypeAlias = Callable[[Iterator[RowBatch], Path, Layout], None]

FORMATS: Final[Mapping[str, Write]] = MappingProxyType(
    {".jsonl": jsonl.write, ".npy": npy.write, ".parquet": parquet.write, ".lance": lance.write}
)
"""Suffix to writer. A writer reads its rows once, from first to last, and holds only some of them."""

__all__ = ["FORMATS", "Layout", "RowBatch", "Write"]
