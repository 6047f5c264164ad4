"""BEIR folders: a row for each judged query, with its relevant documents as positives.

The texts of judged documents lie in a temporary file, so that memory grows with the judgements and not with the corpus.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

from embedrank.core.beir_files import data_path, qrels_path, read_corpus, read_qrels, read_queries
from embedrank.core.types import Document, joined_text
from embedrank.training.data.record import Malformed, Record
from embedrank.training.data.source import SourceConfig


def read(path: Path, source: SourceConfig) -> Iterator[Record | Malformed]:
    """Read one split.

    Args:
        path: The folder.
        source: Names the split and the grades.

    Yields:
        One record for each query of the queries file that the split judges, and what is missing.

    Raises:
        DatasetError: If a file is missing or a line of it cannot be read.
    """
    qrels = read_qrels(qrels_path(path, source.split))
    with tempfile.TemporaryFile() as file:
        wanted = {name for grades in qrels.values() for name, grade in grades.items() if _is_used(grade, source)}
        documents = _Documents(path, wanted, file)
        for number, query in enumerate(read_queries(data_path(path, "queries.jsonl")), start=1):
            if query.id in qrels:
                yield from _row(query, number, qrels.pop(query.id), documents, source)
    for name in qrels:
        yield Malformed(reason="unknown query", problem=f"query {name!r} is judged, but queries.jsonl lacks it")


def _is_used(grade: int, source: SourceConfig) -> bool:
    return grade >= source.min_grade or (source.judged_negatives and grade <= 0)


def _row(
    query: Document, number: int, grades: dict[str, int], documents: _Documents, source: SourceConfig
) -> Iterator[Record | Malformed]:
    positives: list[str] = []
    negatives: list[str] = []
    for name, grade in grades.items():
        if not _is_used(grade, source):
            continue
        if name not in documents:
            problem = f"document {name!r} is judged, but corpus.jsonl lacks it"
            yield Malformed(reason="unknown document", problem=problem, line=number)
            continue
        (negatives if grade <= 0 else positives).append(documents[name])
    if positives:
        told = {name: query.metadata.get(name) for name in ("instruction", "lang")}
        fields = {"query": query.text, "positives": positives, "negatives": negatives, **told}
        yield Record(line=number, fields={"task": source.task or "retrieval", **fields})
    else:
        problem = f"query {query.id!r} has no relevant document"
        yield Malformed(reason="no relevant document", problem=problem, line=number, is_fault=False)


class _Documents:
    """Texts by id, kept in a file; the first document of an id counts."""

    def __init__(self, folder: Path, wanted: Collection[str], file: IO[bytes]) -> None:
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}
        end = 0
        for document in read_corpus(data_path(folder, "corpus.jsonl")):
            if document.id in wanted and document.id not in self._places:
                size = file.write(joined_text(document.title, document.text).encode())
                self._places[document.id] = (end, size)
                end += size

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> str:
        start, size = self._places[name]
        self._file.seek(start)
        return self._file.read(size).decode()
