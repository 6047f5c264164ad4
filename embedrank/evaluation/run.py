"""A run: what one system answered, query by query. Also as a TREC run file that other tools read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from embedrank.core.errors import DatasetError, StorageError
from embedrank.core.types import Scored

Run: TypeAlias = Mapping[str, Sequence[str]]

_TREC_COLUMNS: Final = 6


def document_run(ranked: Mapping[str, Iterable[Scored]], document_of: Callable[[str], str]) -> dict[str, list[str]]:
    """Turn ranked chunks into ranked documents: a document stands where its best chunk stands.

    Args:
        ranked: Query id to chunks, best first.
        document_of: Chunk id to document id.

    Returns:
        Query id to document ids, best first, each once.
    """
    return {query: list(dict.fromkeys(document_of(row.id) for row in rows)) for query, rows in ranked.items()}


def write_trec_run(run: Run, path: Path, *, tag: str) -> None:
    """Write a run in TREC's six columns; the score is the negative rank, so that no tool reorders ties.

    Args:
        run: Query id to document ids, best first.
        path: File to write.
        tag: Name of the system.

    Raises:
        StorageError: If the file cannot be written.
    """
    label = "-".join(tag.split()) or "embedrank"
    try:
        with path.open("w", encoding="utf-8") as lines:
            for query, documents in run.items():
                for rank, name in enumerate(documents, start=1):
                    lines.write(f"{query} Q0 {name} {rank} {-rank} {label}\n")
    except OSError as error:
        raise StorageError(path, f"cannot write the run: {error.strerror or error}") from error


def read_trec_run(path: Path) -> dict[str, list[str]]:
    """Read a run in TREC's six columns.

    Args:
        path: The file.

    Returns:
        Query id to document ids by rank.

    Raises:
        DatasetError: If it cannot be read, or a line has other columns or a rank that is no whole number.
    """
    rows: dict[str, list[tuple[int, str]]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(path, f"cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if len(fields) != _TREC_COLUMNS or not fields[3].isdigit():
            raise DatasetError(path, "is no line of a TREC run (query Q0 document rank score name)", line=number)
        rows.setdefault(fields[0], []).append((int(fields[3]), fields[2]))
    return {query: [name for _, name in sorted(ranks, key=lambda row: row[0])] for query, ranks in rows.items()}
