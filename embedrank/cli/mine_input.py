"""Rows and corpus of `embedrank mine`: files, or a BEIR folder, opened as often as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from embedrank.core.errors import DatasetError, InvalidInputError

if TYPE_CHECKING:
    from embedrank.training.rows import TrainingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows that can be read again and again.

    Attributes:
        read: Reads them from the beginning.
        left_out: What of a BEIR folder became no row, by reason.
    """

    read: Callable[[], Iterable[TrainingRow]]
    left_out: Mapping[str, int] = field(default_factory=dict)


def open_rows(path: Path, split: str) -> Rows:
    """What reads the rows.

    Args:
        path: A file of training rows, or a BEIR folder.
        split: Which judgements of the folder become rows: one a query, its relevant documents as positives.

    Returns:
        The rows, not read yet if they stand in a file.

    Raises:
        InvalidInputError: If there is no such file, or it is none of training rows.
        DatasetError: If the folder is no BEIR folder.
    """
    from embedrank.training.negatives.row_files import require_suffix, rows_of

    if path.is_dir():
        return _beir_rows(path, split)
    if not path.is_file():
        raise InvalidInputError(str(path), "no such file")
    require_suffix(path)
    return Rows(read=partial(rows_of, path))


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
    place = corpus if corpus is not None else rows if rows.is_dir() else None
    if place is None:
        return None
    if place.is_dir():
        found = [path for name in ("corpus.jsonl", "corpus.jsonl.gz") if (path := place / name).is_file()]
        if not found:
            raise DatasetError(place, "no corpus.jsonl or corpus.jsonl.gz")
        return found[0]
    if not place.is_file():
        raise InvalidInputError(str(place), "no such file")
    return place


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


def _beir_rows(folder: Path, split: str) -> Rows:
    from embedrank.core.types import joined_text
    from embedrank.evaluation.beir import load_beir
    from embedrank.training.rows import TrainingRow

    dataset = load_beir(folder, split)
    joined = {document.id: joined_text(document.title, document.text) for document in dataset.documents}
    texts = {name: text for name, text in joined.items() if text.strip()}
    rows, num_absent = [], 0
    for name, query in dataset.queries.items():
        grades = sorted(dataset.qrels[name].items(), key=lambda row: -row[1])
        relevant = [document for document, grade in grades if grade > 0]
        positives = tuple(texts[document] for document in relevant if document in texts)
        num_absent += len(relevant) - len(positives)
        if positives:
            rows.append(TrainingRow(task="retrieval", query=query, positives=positives, source=folder.name))
    left_out = {
        "judged queries without a text": dataset.num_missing_queries,
        "judged queries without a relevant document in the corpus": len(dataset.queries) - len(rows),
        "relevant documents that the corpus lacks or has blank": num_absent,
    }
    return Rows(read=lambda: rows, left_out={reason: count for reason, count in left_out.items() if count})
