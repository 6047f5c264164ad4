"""Corpus of `embedrank mine`: a file, or that of a BEIR folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from embedrank.core.errors import InvalidInputError


def corpus_file(corpus: Path | None, rows: Path) -> Path | None:
    """The file that the documents stand in.

    Args:
        corpus: A file or BEIR folder, if one was named.
        rows: Where the rows are; a BEIR folder brings its own documents.

    Returns:
        The file; None where the documents are the positives of the rows.

    Raises:
        DatasetError: If a folder holds no corpus.
        InvalidInputError: If there is no such file.
    """
    from embedrank.core.beir_files import data_path

    if corpus is None:
        is_beir = any((rows / name).is_file() for name in ("corpus.jsonl", "corpus.jsonl.gz"))
        return data_path(rows, "corpus.jsonl") if is_beir else None
    if corpus.is_dir():
        return data_path(corpus, "corpus.jsonl")
    if not corpus.is_file():
        raise InvalidInputError(str(corpus), "no such file")
    return corpus


def read_corpus(path: Path) -> Iterator[str]:
    """The documents of a file, titles put before texts.

    Args:
        path: One text a line, .jsonl with a field text, either of them .gz, or .parquet with a column text.

    Yields:
        One text after another.
    """
    from embedrank.engine.bulk.source import TextSource

    for row in TextSource([path]).rows():
        yield row.text


def stamp(path: Path) -> list[object]:
    """Path, size and time of change of a file, or of the files of a BEIR folder."""
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    return [[str(each.resolve()), each.stat().st_size, each.stat().st_mtime_ns] for each in files]
