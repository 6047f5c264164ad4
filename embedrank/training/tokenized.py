"""Rows to token ids: what embedders read in training, spelled by `core.prompts` as in serving."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from embedrank.core.prompts import format_query
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.rows import TrainingRow
from embedrank.training.text_counts import TextCounts, summed


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderBatch:
    """Token ids of a batch: N queries, N positives, and N lists of at most K negatives, with their identities.

    `texts` tells by source how many texts were read and cut.
    """

    queries: list[list[int]]
    positives: list[list[int]]
    negatives: list[list[list[int]]]
    query_ids: list[int]
    positive_ids: list[int]
    negative_ids: list[list[int]]
    texts: Mapping[str, TextCounts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderReading:
    """How rows become token ids of an embedder: queries with their instruction, documents raw, all with the end token.

    Attributes:
        tokenizer: The model's tokenizer.
        max_query: Most tokens of a query, instruction included.
        max_document: Most tokens of a document.
        num_negatives: Most hard negatives taken per row.
        instructed: Share of queries that carry their instruction, 0 to 1; which ones is decided by their text.
    """

    tokenizer: TextTokenizer
    max_query: int
    max_document: int
    num_negatives: int
    instructed: float = 1.0

    def __call__(self, rows: Sequence[TrainingRow]) -> EmbedderBatch:
        """Token ids of the rows of one batch; the first positive of each is used."""
        texts = [format_query(row.query, row.instruction if self._tells(row) else None) for row in rows]
        positives = [row.positives[0] for row in rows]
        chosen = [list(row.negatives[: self.num_negatives]) for row in rows]
        queries = self._ended(texts, self.max_query)
        documents = self._ended([*positives, *(text for texts in chosen for text in texts)], self.max_document)
        tokens = iter(documents)
        batch_positives = [next(tokens) for _ in rows]
        batch_negatives = [[next(tokens) for _ in texts] for texts in chosen]
        return EmbedderBatch(
            queries=[ids for ids, _ in queries],
            positives=[ids for ids, _ in batch_positives],
            negatives=[[ids for ids, _ in texts] for texts in batch_negatives],
            query_ids=[text_id(text) for text in texts],
            positive_ids=[text_id(row.identities[0]) for row in rows],
            negative_ids=[self._negative_ids(row) for row in rows],
            texts=_counted(
                rows, queries, [[own, *others] for own, others in zip(batch_positives, batch_negatives, strict=True)]
            ),
        )

    def _negative_ids(self, row: TrainingRow) -> list[int]:
        return [text_id(name) for name in row.identities[len(row.positives) :][: self.num_negatives]]

    def _tells(self, row: TrainingRow) -> bool:
        return share_of(row.query) < self.instructed

    def _ended(self, texts: Sequence[str], max_length: int) -> list[tuple[list[int], int]]:
        return self.tokenizer.encode_ended(texts, max_length=max_length) if texts else []


def text_id(text: str) -> int:
    """A 63-bit integer that is equal for equal texts."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def share_of(text: str) -> float:
    """A number in 0..1 that is decided by the text alone."""
    return text_id(text) / 2**63


def _counted(
    rows: Sequence[TrainingRow],
    queries: Sequence[tuple[list[int], int]],
    documents: Sequence[Sequence[tuple[list[int], int]]],
) -> dict[str, TextCounts]:
    """How many texts were cut, by source; each text comes with the number of tokens it has uncut."""
    return summed(
        {
            row.source: TextCounts(
                num_queries=1,
                num_documents=len(some),
                cut_queries=int(uncut > len(query)),
                cut_documents=sum(uncut > len(ids) for ids, uncut in some),
            )
        }
        for row, (query, uncut), some in zip(rows, queries, documents, strict=True)
    )
