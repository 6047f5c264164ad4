"""Upkeep of the table: building indexes, folding new rows into them, compacting, dropping old versions."""

from __future__ import annotations

import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lancedb.table import Table

_TERMS_INDEX: Final = "FTS"
_VECTOR_INDEX: Final = "IvfHnswSq"


def index_types(table: Table) -> set[str]:
    """Types of the indexes on the table."""
    return {str(index.index_type) for index in table.list_indices()}


def has_vector_index(table: Table) -> bool:
    """Whether vectors can be searched approximately."""
    return _VECTOR_INDEX in index_types(table)


def bring_up_to_date(table: Table, *, with_vectors: bool, keep: timedelta) -> None:
    """Build the indexes that are missing, then fold everything new into all of them.

    Args:
        table: The chunk table.
        with_vectors: Whether it has grown past exact search.
        keep: Age from which replaced files are removed.
    """
    if not table.count_rows():
        return
    from lancedb.index import FTS, HnswSq

    present = index_types(table)
    if _TERMS_INDEX not in present:
        # Terms come analysed and joined by spaces. No positions: compaction can fail on them (lance#7653).
        plain = FTS(
            with_position=False,
            base_tokenizer="whitespace",
            max_token_length=None,
            lower_case=False,
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
        )
        table.create_index("terms", config=plain)
    if with_vectors and _VECTOR_INDEX not in present:
        table.create_index("vector", config=HnswSq(distance_type="dot"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="optimize\\(cleanup_older_than=0\\)")
        table.optimize(cleanup_older_than=keep)
