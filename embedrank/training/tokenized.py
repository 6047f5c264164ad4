"""Rows to token ids: what embedders and rerankers read in training, spelled by `core.prompts` as in serving."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from embedrank.core.prompts import RerankTemplate, format_query
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.rows import TrainingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderBatch:
    """Token ids of a batch: N queries, N positives, and N lists of at most K negatives, with document identities."""

    queries: list[list[int]]
    positives: list[list[int]]
    negatives: list[list[list[int]]]
    positive_ids: list[int]
    negative_ids: list[list[int]]


def tokenize_for_embedder(
    rows: Sequence[TrainingRow],
    tokenizer: TextTokenizer,
    *,
    max_query: int,
    max_document: int,
    num_negatives: int,
    instructed: float = 1.0,
) -> EmbedderBatch:
    """Queries with their instruction, documents raw, all with the end token.

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
    queries = [format_query(row.query, row.instruction if share_of(row.query) < instructed else None) for row in rows]
    positives = [row.positives[0] for row in rows]
    chosen = [list(row.negatives[:num_negatives]) for row in rows]
    flat = _ended([text for texts in chosen for text in texts], tokenizer, max_document)
    tokens = iter(flat)
    return EmbedderBatch(
        queries=_ended(queries, tokenizer, max_query),
        positives=_ended(positives, tokenizer, max_document),
        negatives=[[next(tokens) for _ in texts] for texts in chosen],
        positive_ids=[text_id(text) for text in positives],
        negative_ids=[[text_id(text) for text in texts] for texts in chosen],
    )


def tokenize_pairs(
    pairs: Sequence[tuple[str, str, str | None]], tokenizer: TextTokenizer, template: RerankTemplate, *, max_length: int
) -> list[list[int]]:
    """Whole reranker prompts.

    Args:
        pairs: Query, document and instruction (None for the template's own).
        tokenizer: The model's tokenizer.
        template: The prompt.
        max_length: Most tokens of a prompt; only the document's tail is cut.

    Returns:
        Token ids of each prompt.
    """
    prefix, suffix = tokenizer.encode([template.prefix, template.suffix])
    room = max_length - len(prefix) - len(suffix)
    middles = tokenizer.encode([template.middle(query, document, task) for query, document, task in pairs])
    return [[*prefix, *middle[:room], *suffix] for middle in middles]


def text_id(text: str) -> int:
    """A 63-bit integer that is equal for equal texts."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def share_of(text: str) -> float:
    """A number in 0..1 that is decided by the text alone."""
    return text_id(text) / 2**63


def _ended(texts: Sequence[str], tokenizer: TextTokenizer, max_length: int) -> list[list[int]]:
    return [ids for ids, _ in tokenizer.encode_ended(texts, max_length=max_length)] if texts else []
