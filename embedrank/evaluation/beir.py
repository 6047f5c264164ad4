"""One split of a BEIR folder as a set to be searched and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedrank.core.beir_files import Qrels, data_path, qrels_path, read_corpus, read_qrels, read_queries
from embedrank.core.errors import DatasetError
from embedrank.core.types import Document


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
    qrels = read_qrels(qrels_path(folder, split))
    rows = list(read_corpus(data_path(folder, "corpus.jsonl")))
    documents = list({row.id: row for row in reversed(rows)}.values())[::-1]  # the first row of an id stays
    texts = {query.id: query.text for query in read_queries(data_path(folder, "queries.jsonl"))}
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
