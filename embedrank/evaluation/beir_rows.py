"""Rows of a BEIR folder, read once for all its splits."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from embedrank.core.beir_files import data_path, read_corpus, read_queries
from embedrank.core.types import Document


def corpus_rows(folder: Path) -> tuple[Document, ...]:
    """All rows of the corpus.

    Args:
        folder: The BEIR folder.

    Returns:
        Documents in file order, repeated ids included.

    Raises:
        DatasetError: If there is no such file, or a row is malformed.
    """
    return _corpus(*_as_it_is_now(data_path(folder, "corpus.jsonl")))


def query_rows(folder: Path) -> tuple[Document, ...]:
    """All rows of the queries, likewise."""
    return _queries(*_as_it_is_now(data_path(folder, "queries.jsonl")))


def _as_it_is_now(path: Path) -> tuple[Path, int, int]:
    """The path with size and time of the last change, so that a changed file is read again."""
    now = path.stat()
    return path, now.st_size, now.st_mtime_ns


@lru_cache(maxsize=1)  # splits of a folder follow each other
def _corpus(path: Path, size: int, changed: int) -> tuple[Document, ...]:
    return tuple(read_corpus(path))


@lru_cache(maxsize=1)
def _queries(path: Path, size: int, changed: int) -> tuple[Document, ...]:
    return tuple(read_queries(path))
