"""Rows to token ids: what embedders and rerankers read in training, spelled by `core.prompts` as in serving."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from embedrank.core.prompts import RerankTemplate, format_query
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.rows import TrainingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCounts:
    """Texts that were read, and those of them that were longer than the limit and lost their end."""

    num_queries: int = 0
    num_documents: int = 0
    cut_queries: int = 0
    cut_documents: int = 0

    def __add__(self, other: TextCounts) -> TextCounts:
        return TextCounts(
            num_queries=self.num_queries + other.num_queries,
            num_documents=self.num_documents + other.num_documents,
            cut_queries=self.cut_queries + other.cut_queries,
            cut_documents=self.cut_documents + other.cut_documents,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderBatch:
    """Token ids of a batch: N queries, N positives, and N lists of at most K negatives, with their identities.

    `counts` tells by source how many texts were cut.
    """

    queries: list[list[int]]
    positives: list[list[int]]
    negatives: list[list[list[int]]]
    query_ids: list[int]
    positive_ids: list[int]
    negative_ids: list[list[int]]
    counts: Mapping[str, TextCounts] = field(default_factory=dict)


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
            counts=_counted(
                rows, queries, [[own, *others] for own, others in zip(batch_positives, batch_negatives, strict=True)]
            ),
        )

    def _negative_ids(self, row: TrainingRow) -> list[int]:
        return [text_id(name) for name in row.identities[len(row.positives) :][: self.num_negatives]]

    def _tells(self, row: TrainingRow) -> bool:
        return share_of(row.query) < self.instructed

    def _ended(self, texts: Sequence[str], max_length: int) -> list[tuple[list[int], int]]:
        return self.tokenizer.encode_ended(texts, max_length=max_length) if texts else []


class ReadRows(list[TrainingRow]):
    """Rows of a batch whose token ids are there already.

    Attributes:
        tokens: Their token ids.
        reading: How they were made.
    """

    def __init__(self, rows: Sequence[TrainingRow], reading: EmbedderReading) -> None:
        """Read rows.

        Args:
            rows: Rows of one batch.
            reading: How.
        """
        super().__init__(rows)
        self.tokens, self.reading = reading(rows), reading


def tokenize_for_embedder(
    rows: Sequence[TrainingRow],
    tokenizer: TextTokenizer,
    *,
    max_query: int,
    max_document: int,
    num_negatives: int,
    instructed: float = 1.0,
) -> EmbedderBatch:
    """Token ids of a batch; rows that were read ahead in the same way are not read again.

    Args:
        rows: Rows of one batch; the first positive of each is used.
        tokenizer: The model's tokenizer.
        max_query: Most tokens of a query, instruction included.
        max_document: Most tokens of a document.
        num_negatives: Most hard negatives taken per row.
        instructed: Share of queries that carry their instruction, 0 to 1; which ones is decided by their text.

    Returns:
        The token ids.
    """
    reading = EmbedderReading(
        tokenizer=tokenizer,
        max_query=max_query,
        max_document=max_document,
        num_negatives=num_negatives,
        instructed=instructed,
    )
    return rows.tokens if isinstance(rows, ReadRows) and rows.reading == reading else reading(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankPrompts:
    """Token ids of whole prompts, and the places of those whose document was cut."""

    prompts: list[list[int]]
    cut: list[int]


def rerank_prompts(
    pairs: Sequence[tuple[str, str, str | None]], tokenizer: TextTokenizer, template: RerankTemplate, *, max_length: int
) -> RerankPrompts:
    """Whole reranker prompts, and which of them were too long.

    Args:
        pairs: Query, document and instruction (None for the template's own).
        tokenizer: The model's tokenizer.
        template: The prompt.
        max_length: Most tokens of a prompt; only the document's tail is cut.

    Returns:
        The prompts.
    """
    prefix, suffix = tokenizer.encode([template.prefix, template.suffix])
    room = max_length - len(prefix) - len(suffix)
    middles = tokenizer.encode([template.middle(query, document, task) for query, document, task in pairs])
    return RerankPrompts(
        prompts=[[*prefix, *middle[:room], *suffix] for middle in middles],
        cut=[place for place, middle in enumerate(middles) if len(middle) > room],
    )


def tokenize_pairs(
    pairs: Sequence[tuple[str, str, str | None]], tokenizer: TextTokenizer, template: RerankTemplate, *, max_length: int
) -> list[list[int]]:
    """Token ids of whole reranker prompts; arguments as those of `rerank_prompts`."""
    return rerank_prompts(pairs, tokenizer, template, max_length=max_length).prompts


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
    found: dict[str, TextCounts] = {}
    for row, (query, uncut), texts in zip(rows, queries, documents, strict=True):
        one = TextCounts(
            num_queries=1,
            num_documents=len(texts),
            cut_queries=int(uncut > len(query)),
            cut_documents=sum(uncut > len(ids) for ids, uncut in texts),
        )
        found[row.source] = found.get(row.source, TextCounts()) + one
    return found
