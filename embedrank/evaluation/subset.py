"""Cutting an evaluation set down, openly: documents to a prefix, queries to a seeded sample."""

from __future__ import annotations

import random
import re
from collections.abc import Container
from dataclasses import replace
from typing import Final

from embedrank.core.errors import DatasetError
from embedrank.evaluation.beir import BeirSet

_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}:(?!//)")


def shared_prefix(dataset: BeirSet) -> str:
    """The `xx:` that the ids of all judged documents of a split begin with.

    Some folders hold several corpora in one file (`en:p1`, `zh:p1`; `python:7`, `go:7`) and splits that are meant for
    one of them.

    Args:
        dataset: A loaded split.

    Returns:
        The prefix, or an empty string if the judged documents share none or the whole corpus has it.
    """
    judged = (name for grades in dataset.qrels.values() for name in grades)
    found = {match.group() if (match := _PREFIX.match(name)) else "" for name in judged}
    prefix = found.pop() if len(found) == 1 else ""
    return "" if all(document.id.startswith(prefix) for document in dataset.documents) else prefix


def with_prefix(dataset: BeirSet, prefix: str) -> BeirSet:
    """Keep only documents whose id starts with a prefix.

    Args:
        dataset: A loaded split.
        prefix: What ids must start with; empty keeps all.

    Returns:
        The smaller set.

    Raises:
        DatasetError: If no document is left.
    """
    documents = [document for document in dataset.documents if document.id.startswith(prefix)]
    if not documents:
        raise DatasetError(dataset.folder, f"no document id starts with {prefix!r}")
    known = {document.id for document in documents}
    relevant = {name for grades in dataset.qrels.values() for name, grade in grades.items() if grade > 0}
    return replace(dataset, documents=documents, corpus_prefix=prefix, num_missing_documents=len(relevant - known))


def sample_queries(dataset: BeirSet, num_queries: int, *, seed: int) -> BeirSet:
    """Draw queries without replacement.

    Args:
        dataset: A loaded split.
        num_queries: How many to keep; all of them if there are not more.
        seed: The same seed draws the same queries.

    Returns:
        The smaller set, queries in their old order.
    """
    if num_queries >= len(dataset.queries):
        return dataset
    drawn = set(random.Random(seed).sample(sorted(dataset.queries), num_queries))
    return replace(with_queries(dataset, drawn), num_queries_before_sampling=len(dataset.queries))


def with_queries(dataset: BeirSet, names: Container[str]) -> BeirSet:
    """Keep only some queries.

    Args:
        dataset: A loaded split.
        names: Their ids.

    Returns:
        The smaller set, queries in their old order.
    """
    queries = {name: text for name, text in dataset.queries.items() if name in names}
    return replace(
        dataset,
        queries=queries,
        qrels={name: dataset.qrels[name] for name in queries},
        instructions={name: text for name, text in dataset.instructions.items() if name in queries},
        groups={name: group for name, group in dataset.groups.items() if name in queries},
        languages={name: language for name, language in dataset.languages.items() if name in queries},
        types={name: kind for name, kind in dataset.types.items() if name in queries},
    )
