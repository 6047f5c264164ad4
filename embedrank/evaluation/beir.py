"""Reading BEIR folders: `corpus.jsonl`, `queries.jsonl`, `qrels/<split>.tsv`, each possibly gzipped."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from embedrank.core.errors import DatasetError
from embedrank.core.types import Document

Qrels = dict[str, dict[str, int]]

_HEADER_FIELDS: Final = ("query-id", "corpus-id", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class BeirSet:
    """One split of a BEIR folder, ready to be searched and judged.

    Attributes:
        folder: Where it was read from.
        split: Name of the qrels file without suffix.
        documents: The corpus, in file order.
        queries: Query id to text, in file order; only queries with at least one relevant document.
        qrels: Query id to document id to grade.
        num_unjudged_queries: Queries of the file that this split does not judge or finds nothing relevant for.
        num_missing_queries: Judged query ids that the queries file does not have, or has with a blank text.
        num_repeated_documents: Corpus rows left out because an earlier row has the same id.
        num_missing_documents: Relevant document ids that the corpus does not have; they count as not found.
        corpus_prefix: Only documents whose id starts so were kept; empty if all were.
        num_queries_before_sampling: Queries before a sample was drawn; None if none was.
    """

    folder: Path
    split: str
    documents: Sequence[Document]
    queries: Mapping[str, str]
    qrels: Qrels
    num_unjudged_queries: int = 0
    num_missing_queries: int = 0
    num_repeated_documents: int = 0
    num_missing_documents: int = 0
    corpus_prefix: str = ""
    num_queries_before_sampling: int | None = None


def load_beir(folder: Path, split: str) -> BeirSet:
    """Read one split.

    Args:
        folder: The BEIR folder.
        split: Name of the qrels file without suffix.

    Returns:
        The whole corpus and the judged queries.

    Raises:
        DatasetError: If a file is missing, a row is malformed, or no query is left.
    """
    if not folder.is_dir():
        raise DatasetError(folder, "no such folder" if not folder.exists() else "is not a folder")
    qrels = read_qrels(_qrels_path(folder, split))
    rows = list(read_corpus(_data_path(folder, "corpus.jsonl")))
    documents = list({row.id: row for row in reversed(rows)}.values())[::-1]  # the first row of an id stays
    texts = dict(read_queries(_data_path(folder, "queries.jsonl")))
    answerable = {query for query, grades in qrels.items() if any(grade > 0 for grade in grades.values())}
    queries = {query: text for query, text in texts.items() if query in answerable and text.strip()}
    if not queries:
        raise DatasetError(folder, f"split {split!r} judges none of the queries")
    if not documents:
        raise DatasetError(folder, "the corpus is empty")
    known = {document.id for document in documents}
    relevant = {name for query in queries for name, grade in qrels[query].items() if grade > 0}
    return BeirSet(
        folder=folder,
        split=split,
        documents=documents,
        queries=queries,
        qrels={query: qrels[query] for query in queries},
        num_unjudged_queries=sum(query not in answerable for query in texts),
        num_missing_queries=len(answerable) - len(queries),
        num_repeated_documents=len(rows) - len(documents),
        num_missing_documents=len(relevant - known),
    )


def read_corpus(path: Path) -> Iterator[Document]:
    """Documents of a `corpus.jsonl`.

    Args:
        path: The file, gzipped if it ends in `.gz`.

    Yields:
        One document for each row.

    Raises:
        DatasetError: If a row is not an object with string `_id` and `text`.
    """
    for number, row in _rows(path):
        title = row.get("title") or ""
        if not isinstance(title, str):
            raise DatasetError(path, "field 'title' is not a string", line=number)
        name, text = _field(path, number, row, "_id"), _field(path, number, row, "text")
        others = {field: value for field, value in row.items() if field not in ("_id", "title", "text")}
        yield Document(id=name, text=text, title=title, metadata=_flat(others))


def read_queries(path: Path) -> Iterator[tuple[str, str]]:
    """Queries of a `queries.jsonl`.

    Args:
        path: The file, gzipped if it ends in `.gz`.

    Yields:
        Id and text.

    Raises:
        DatasetError: If a row is not an object with string `_id` and `text`.
    """
    for number, row in _rows(path):
        yield _field(path, number, row, "_id"), _field(path, number, row, "text")


def read_qrels(path: Path) -> Qrels:
    """Judgements of a `qrels/<split>.tsv`, with or without its header line.

    Args:
        path: The file, gzipped if it ends in `.gz`; three columns (query, document, grade) or TREC's four.

    Returns:
        Query id to document id to grade.

    Raises:
        DatasetError: If a row has other columns or a grade that is no integer.
    """
    qrels: Qrels = {}
    for number, line in _lines(path):
        fields = line.split("\t") if "\t" in line else line.split()
        if number == 1 and fields[-1].strip().lower() == _HEADER_FIELDS[-1]:
            continue
        if len(fields) not in (3, 4):
            raise DatasetError(path, f"expected 3 tab-separated fields, found {len(fields)}", line=number)
        try:
            grade = int(fields[-1])
        except ValueError:
            raise DatasetError(path, f"score {fields[-1]!r} is not an integer", line=number) from None
        qrels.setdefault(fields[0], {})[fields[-2]] = grade
    return qrels


def _qrels_path(folder: Path, split: str) -> Path:
    for suffix in (".tsv", ".tsv.gz"):
        if (path := folder / "qrels" / f"{split}{suffix}").is_file():
            return path
    names = sorted({path.name.removesuffix(".gz").removesuffix(".tsv") for path in folder.glob("qrels/*.tsv*")})
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    raise DatasetError(folder, f"no qrels for split {split!r}" + (f"; there are {shown}" if names else ""))


def _data_path(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise DatasetError(folder, f"no {name} or {name}.gz")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank with their number from 1."""
    number = 0
    try:
        with _opened(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DatasetError(path, f"cannot be read: {error}", line=number + 1) from error


def _opened(path: Path) -> TextIO:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in _lines(path):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DatasetError(path, f"is not JSON: {error}", line=number) from None
        if not isinstance(row, dict):
            raise DatasetError(path, "is not a JSON object", line=number)
        yield number, row


def _flat(row: Mapping[str, object]) -> dict[str, str | int | float | bool]:
    return {field: value for field, value in row.items() if isinstance(value, str | int | float | bool)}


def _field(path: Path, number: int, row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise DatasetError(path, f"field {name!r} is missing or not a string", line=number)
    return value
