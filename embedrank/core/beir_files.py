"""The files of a BEIR folder: `corpus.jsonl`, `queries.jsonl`, `qrels/<split>.tsv`, each possibly gzipped."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TextIO

from embedrank.core.errors import DatasetError
from embedrank.core.types import Document

Qrels = dict[str, dict[str, int]]

_HEADER_FIELDS: Final = ("query-id", "corpus-id", "score")


def read_corpus(path: Path) -> Iterator[Document]:
    """Documents of a `corpus.jsonl`.

    Args:
        path: The file, gzipped if it ends in `.gz`.

    Yields:
        One document for each row.

    Raises:
        DatasetError: If a row is not an object with string `_id` and `text`.
    """
    for number, row in read_objects(path):
        title = row.get("title") or ""
        if not isinstance(title, str):
            raise DatasetError(path, "field 'title' is not a string", line=number)
        yield _document(path, number, row, title)


def read_queries(path: Path) -> Iterator[Document]:
    """Queries of a `queries.jsonl`.

    Args:
        path: The file, gzipped if it ends in `.gz`.

    Yields:
        One document without title for each row; its metadata are the other fields, such as an instruction.

    Raises:
        DatasetError: If a row is not an object with string `_id` and `text`.
    """
    for number, row in read_objects(path):
        yield _document(path, number, row, "")


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


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """The objects of any jsonl file.

    Args:
        path: The file, gzipped if it ends in `.gz`.

    Yields:
        The number of the line, from 1, and the object on it; blank lines are passed over.

    Raises:
        DatasetError: If the file cannot be read, or a line is no JSON object.
    """
    for number, line in _lines(path):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DatasetError(path, f"is not JSON: {error}", line=number) from None
        if not isinstance(row, dict):
            raise DatasetError(path, "is not a JSON object", line=number)
        yield number, row


def qrels_path(folder: Path, split: str) -> Path:
    """The qrels file of a split.

    Args:
        folder: The BEIR folder.
        split: Name of the qrels file without suffix.

    Returns:
        Its path.

    Raises:
        DatasetError: If there is none; the error names those there are.
    """
    for suffix in (".tsv", ".tsv.gz"):
        if (path := folder / "qrels" / f"{split}{suffix}").is_file():
            return path
    names = sorted({path.name.removesuffix(".gz").removesuffix(".tsv") for path in folder.glob("qrels/*.tsv*")})
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    raise DatasetError(folder, f"no qrels for split {split!r}" + (f"; there are {shown}" if names else ""))


def data_path(folder: Path, name: str) -> Path:
    """The corpus or queries file of a folder.

    Args:
        folder: The BEIR folder.
        name: `corpus.jsonl` or `queries.jsonl`.

    Returns:
        Its path, or that of its gzipped form.

    Raises:
        DatasetError: If there is none.
    """
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


def _document(path: Path, number: int, row: Mapping[str, object], title: str) -> Document:
    others = {field: value for field, value in row.items() if field not in ("_id", "title", "text")}
    name, text = _field(path, number, row, "_id"), _field(path, number, row, "text")
    return Document(id=name, text=text, title=title, metadata=_flat(others))


def _flat(row: Mapping[str, object]) -> dict[str, str | int | float | bool]:
    return {field: value for field, value in row.items() if isinstance(value, str | int | float | bool)}


def _field(path: Path, number: int, row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise DatasetError(path, f"field {name!r} is missing or not a string", line=number)
    return value
