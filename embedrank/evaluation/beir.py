"""One split of a BEIR folder as a set to be searched and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from embedrank.core.beir_files import Qrels, qrels_path, read_qrels
from embedrank.core.errors import DatasetError
from embedrank.core.types import Document, joined_text
from embedrank.evaluation.beir_rows import corpus_rows, query_rows

_GROUP_FIELDS: Final = ("group", "base")
_TYPE_FIELDS: Final = ("query_type", "type")


@dataclass(frozen=True, slots=True, kw_only=True)
class BeirSet:
    """One split of a BEIR folder, ready to be searched and judged.

    Attributes:
        folder: Where it was read from.
        split: Name of the qrels file without suffix.
        documents: The corpus, in file order.
        queries: Query id to text, in file order; only queries with at least one relevant document.
        qrels: Query id to document id to grade.
        instructions: Query id to its own instruction, of the queries that have one (field `instruction`).
        groups: Query id to what it is a variant of (field `group` or `base`), of the queries that say so.
        languages: Query id to language (field `lang`), of the queries that say so.
        types: Query id to kind of query (field `type` or `query_type`), of the queries that say so.
        num_unjudged_queries: Queries of the file that this split does not judge or finds nothing relevant for.
        num_missing_queries: Judged query ids that the queries file does not have, or has with a blank text.
        num_repeated_queries: Rows of the queries file left out because an earlier row has the same id.
        num_repeated_documents: Corpus rows left out because an earlier row has the same id.
        num_blank_documents: Documents without text or title; they stay and can hardly be found.
        num_missing_documents: Relevant document ids that the corpus does not have; they count as not found.
        corpus_prefix: Only documents whose id starts so were kept; empty if all were.
        num_queries_before_sampling: Queries before a sample was drawn; None if none was.
    """

    folder: Path
    split: str
    documents: Sequence[Document]
    queries: Mapping[str, str]
    qrels: Qrels
    instructions: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    num_unjudged_queries: int = 0
    num_missing_queries: int = 0
    num_repeated_queries: int = 0
    num_repeated_documents: int = 0
    num_blank_documents: int = 0
    num_missing_documents: int = 0
    corpus_prefix: str = ""
    num_queries_before_sampling: int | None = None


def load_beir(folder: Path, split: str, *, unanswerable: bool = False) -> BeirSet:
    """Read one split.

    Args:
        folder: The BEIR folder.
        split: Name of the qrels file without suffix.
        unanswerable: Whether queries with irrelevant judgements only stay; for measures over pairs, not for rankings.

    Returns:
        The whole corpus and the judged queries.

    Raises:
        DatasetError: If a file is missing, a row is malformed, or no query is left.
    """
    if not folder.is_dir():
        raise DatasetError(folder, "no such folder" if not folder.exists() else "is not a folder")
    qrels = read_qrels(qrels_path(folder, split))
    rows = corpus_rows(folder)
    documents = _first_of_each_id(rows)
    asked_rows = query_rows(folder)
    asked = _first_of_each_id(asked_rows)
    answerable = {name for name, grades in qrels.items() if unanswerable or any(grade > 0 for grade in grades.values())}
    measured = [query for query in asked if query.id in answerable and query.text.strip()]
    queries = {query.id: query.text for query in measured}
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
        instructions=_named(measured, "instruction"),
        groups=_named(measured, *_GROUP_FIELDS),
        languages=_named(measured, "lang"),
        types=_named(measured, *_TYPE_FIELDS),
        num_unjudged_queries=sum(query.id not in answerable for query in asked),
        num_missing_queries=len(answerable) - len(queries),
        num_repeated_queries=len(asked_rows) - len(asked),
        num_repeated_documents=len(rows) - len(documents),
        num_blank_documents=sum(not joined_text(row.title, row.text).strip() for row in documents),
        num_missing_documents=len(relevant - known),
    )


def _first_of_each_id(rows: Sequence[Document]) -> list[Document]:
    return list({row.id: row for row in reversed(rows)}.values())[::-1]


def _named(queries: Sequence[Document], *fields: str) -> dict[str, str]:
    """Query id to a field of its row, the last of these that holds a text."""
    values = ((query.id, query.metadata.get(field)) for field in fields for query in queries)
    return {name: value for name, value in values if isinstance(value, str) and value}
