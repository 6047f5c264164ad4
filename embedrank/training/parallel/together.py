"""Encoding and reranking by all processes of a run together, each running its share of the packs.

This is how a model in shards is evaluated: nobody holds it whole, so all have to run at once. Packs are those that one
process would run, so vectors and scores are the same.

Shape suffixes: N sequences, D vector size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from embedrank.core.types import FloatArray
from embedrank.model.pooling import unit_prefix
from embedrank.model.prompting import PromptPolicy
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.gather import gather_rows
from embedrank.training.packed_batch import PackedBatch
from embedrank.training.parallel.world import World


@torch.no_grad()
def run_together(batch: PackedBatch) -> Tensor:
    """Vectors of a batch that all processes hold alike, `[N, D]`, on all of them.

    Args:
        batch: Its packs and what runs one; every process runs equally many.

    Returns:
        The vectors, in the order of the sequences.
    """
    world = World.current()
    own = list(batch.packs[world.rank :: world.size])
    num_idle = -(-len(batch.packs) // world.size) - len(own)
    found = [batch.run(pack) for pack in own]
    idle = [batch.run(batch.idle_pack) for _ in range(num_idle)]
    mine = torch.cat(found) if found else idle[0][:0]
    shares = gather_rows(mine).split([sum(map(len, batch.packs[rank :: world.size])) for rank in range(world.size)])
    parts: list[Tensor] = [mine] * len(batch.packs)
    for rank, share in enumerate(shares):
        sizes = [len(pack) for pack in batch.packs[rank :: world.size]]
        parts[rank :: world.size] = share.split(sizes)
    return batch.in_order(parts)


class TogetherEncoder:
    """An `Encoder` that all processes call with the same texts.

    Attributes:
        fingerprint: Empty: its weights change.
        dim: Largest number of dimensions.
    """

    fingerprint = ""

    def __init__(
        self,
        packed: Callable[[Sequence[Sequence[int]]], PackedBatch],
        tokenizer: TextTokenizer,
        *,
        dim: int,
        max_length: int,
        prompts: PromptPolicy | None = None,
    ) -> None:
        """Wrap a model that is being trained.

        Args:
            packed: Token ids to packs, such as `EmbedderObjective.packed`.
            tokenizer: The model's tokenizer.
            dim: The model's hidden size.
            max_length: Most tokens read of a text, end token included.
            prompts: What stands before queries and documents; None for the official defaults.
        """
        self.dim = dim
        self._packed, self._tokenizer, self._max_length = packed, tokenizer, max_length
        self._prompts = prompts or PromptPolicy()

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """As `Encoder.encode_queries`."""
        return self._encode([self._prompts.query(text, instruction) for text in texts], dim)

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """As `Encoder.encode_documents`."""
        return self._encode([self._prompts.document(text) for text in texts], dim)

    def _encode(self, texts: list[str], dim: int | None) -> FloatArray:
        if not texts:
            return np.zeros((0, dim or self.dim), dtype=np.float32)
        ids = [ids for ids, _ in self._tokenizer.encode_ended(texts, max_length=self._max_length)]
        vectors: FloatArray = unit_prefix(run_together(self._packed(ids)), dim).cpu().numpy()
        return vectors


class PairScorer(Protocol):
    """What `TogetherReranker` needs of a reranker in training."""

    def packed(self, pairs: Sequence[tuple[str, str, str | None]]) -> PackedBatch:
        """Pairs of query, document and instruction in packs."""
        ...

    def difference(self, hidden_NM: Tensor) -> Tensor:
        """Yes logit minus no logit."""
        ...


class TogetherReranker:
    """A `Reranker` that all processes call with the same query and documents."""

    def __init__(self, scorer: PairScorer) -> None:
        """Wrap a model that is being trained.

        Args:
            scorer: Such as a `RerankerObjective`.
        """
        self._scorer = scorer

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """As `Reranker.score`."""
        scores: FloatArray = self._difference(query, documents, instruction).sigmoid().numpy()
        return scores

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """As `Reranker.logits`."""
        logits: FloatArray = self._difference(query, documents, instruction).numpy()
        return logits

    @torch.no_grad()
    def _difference(self, query: str, documents: Sequence[str], instruction: str | None) -> Tensor:
        batch = self._scorer.packed([(query, document, instruction) for document in documents])
        return self._scorer.difference(run_together(batch)).float().cpu()
