"""Contrastive training of an embedder: queries and documents through one decoder, InfoNCE over prefixes.

Shape suffixes: N rows, K hard negatives per row, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from embedrank.core.errors import ConfigError
from embedrank.model.decoder import Decoder
from embedrank.model.packing import Pack, pack_by_budget
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.losses.info_nce import InfoNCEConfig, info_nce
from embedrank.training.losses.matryoshka import matryoshka
from embedrank.training.rows import TrainingRow
from embedrank.training.tokenized import EmbedderBatch, tokenize_for_embedder


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderObjectiveConfig:
    """Switches of the task.

    Attributes:
        loss: Switches of InfoNCE.
        dims: Prefix lengths to train, the largest being the hidden size.
        dim_weights: One weight per prefix; equal weights where empty.
        max_query_tokens: Longest query, instruction and end token included.
        max_document_tokens: Longest document, end token included.
        num_negatives: Most hard negatives per row.
        instructed: Share of queries that carry their instruction, 0 to 1.
        pack_tokens: Token budget of one forward pass.
    """

    loss: InfoNCEConfig = field(default_factory=InfoNCEConfig)
    dims: tuple[int, ...]
    dim_weights: tuple[float, ...] = ()
    max_query_tokens: int = 64
    max_document_tokens: int = 192
    num_negatives: int = 0
    instructed: float = 1.0
    pack_tokens: int = 16384

    def __post_init__(self) -> None:
        if not self.dims or min(self.dims) < 1:
            raise ConfigError("EmbedderObjectiveConfig", "dims", self.dims, "must hold at least one positive length")
        if self.dim_weights and len(self.dim_weights) != len(self.dims):
            raise ConfigError(
                "EmbedderObjectiveConfig", "dim_weights", self.dim_weights, f"must hold {len(self.dims)} weights"
            )


class EmbedderObjective:
    """InfoNCE on the pooled last token."""

    def __init__(self, decoder: Decoder, tokenizer: TextTokenizer, config: EmbedderObjectiveConfig) -> None:
        if max(config.dims) > decoder.config.hidden_size:
            raise ConfigError(
                "EmbedderObjectiveConfig", "dims", config.dims, f"none may exceed {decoder.config.hidden_size}"
            )
        self._decoder, self._tokenizer, self._config = decoder, tokenizer, config

    @property
    def module(self) -> nn.Module:
        """The decoder."""
        return self._decoder

    def loss(self, rows: Sequence[TrainingRow]) -> Tensor:
        """InfoNCE of one batch, over all trained prefixes."""
        return contrastive_loss(rows, self._tokenizer, self._config, self.embed)

    def embed(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        """Raw pooled vectors in float32, in the order given."""
        packs = list(pack_by_budget([len(ids) for ids in sequences], max_tokens=self._config.pack_tokens))
        hidden = [self._decoder(Pack.of([sequences[index] for index in pack])) for pack in packs]
        order = torch.tensor([index for pack in packs for index in pack])
        return torch.cat(hidden).float()[order.argsort()]


def contrastive_loss(
    rows: Sequence[TrainingRow],
    tokenizer: TextTokenizer,
    config: EmbedderObjectiveConfig,
    embed: Callable[[Sequence[Sequence[int]]], Tensor],
) -> Tensor:
    """Tokenise, embed all texts of the batch together, and compare.

    Args:
        rows: One batch.
        tokenizer: The model's tokenizer.
        config: Switches.
        embed: Token id lists to raw vectors `[n, D]`.

    Returns:
        A scalar.
    """
    batch = tokenize_for_embedder(
        rows,
        tokenizer,
        max_query=config.max_query_tokens,
        max_document=config.max_document_tokens,
        num_negatives=config.num_negatives,
        instructed=config.instructed,
    )
    num_rows = len(rows)
    flat = [ids for texts in batch.negatives for ids in texts]
    vectors = embed([*batch.queries, *batch.positives, *flat])
    queries_ND, positives_ND = vectors[:num_rows], vectors[num_rows : 2 * num_rows]
    negatives_NKD, ids_NK, mask_NK = _rectangle(batch, vectors[2 * num_rows :])
    positive_ids_N = torch.tensor(batch.positive_ids)

    def at_dim(queries: Tensor, positives: Tensor, negatives: Tensor | None) -> Tensor:
        return info_nce(
            queries,
            positives,
            negatives,
            config=config.loss,
            positive_ids_N=positive_ids_N,
            negative_ids_NK=ids_NK,
            negative_mask_NK=mask_NK,
        )

    weights = config.dim_weights or tuple(1 / len(config.dims) for _ in config.dims)
    return matryoshka(at_dim, (queries_ND, positives_ND, negatives_NKD), dims=config.dims, weights=weights)


def _rectangle(batch: EmbedderBatch, flat: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Ragged hard negatives as `[N, K, D]` with identities and a mask; Nones where there are none."""
    width = max(len(texts) for texts in batch.negatives)
    if not width:
        return None, None, None
    counts = torch.tensor([len(texts) for texts in batch.negatives])
    mask_NK = torch.arange(width)[None, :] < counts[:, None]
    place_NK = (counts.cumsum(0) - counts)[:, None] + torch.arange(width)[None, :]
    place_NK = place_NK.masked_fill(~mask_NK, 0)
    ids = torch.tensor([[*row, *[-1] * (width - len(row))] for row in batch.negative_ids])
    return functional.embedding(place_NK, flat), ids, mask_NK
