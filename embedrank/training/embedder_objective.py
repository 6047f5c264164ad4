"""Contrastive training of an embedder: queries and documents through one decoder, InfoNCE over prefixes.

Shape suffixes: N rows, K hard negatives per row, A texts of all processes, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from embedrank.core.errors import ConfigError
from embedrank.model.decoder import Decoder
from embedrank.model.packing import Pack, pack_by_budget
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.gather import gather_rows, mean_over_processes
from embedrank.training.losses.info_nce import InfoNCEConfig, info_nce
from embedrank.training.losses.matryoshka import matryoshka
from embedrank.training.packed_batch import PackedBatch, as_they_are
from embedrank.training.parallel.world import World
from embedrank.training.places import Places
from embedrank.training.rows import TrainingRow
from embedrank.training.tokenized import tokenize_for_embedder


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
        loss_rows: Rows whose loss is computed in one piece; a loss in pieces needs less memory, see `gradcache.py`.
        cross_device: Whether texts of other processes serve as negatives too.
    """

    loss: InfoNCEConfig = field(default_factory=InfoNCEConfig)
    dims: tuple[int, ...]
    dim_weights: tuple[float, ...] = ()
    max_query_tokens: int = 64
    max_document_tokens: int = 192
    num_negatives: int = 0
    instructed: float = 1.0
    pack_tokens: int = 16384
    loss_rows: int = 1024
    cross_device: bool = True

    def __post_init__(self) -> None:
        if self.loss_rows < 1:
            raise ConfigError("EmbedderObjectiveConfig", "loss_rows", self.loss_rows, "must be at least 1")
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
        return self.prepare(rows).loss()

    def prepare(self, rows: Sequence[TrainingRow]) -> PackedBatch:
        """As `PackedObjective.prepare`."""
        task = contrastive_task(rows, self._tokenizer, self._config, device=self._decoder.device)
        return replace(self.packed(task.sequences), terms=task.terms, gather=task.gather)

    def embed(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        """Raw pooled vectors in float32, in the order given."""
        return self.packed(sequences).vectors()

    def packed(self, sequences: Sequence[Sequence[int]]) -> PackedBatch:
        """Token id lists in packs, with raw pooled vectors in float32; without a loss."""

        def run(indices: Sequence[int]) -> Tensor:
            pack = Pack.of([sequences[index] for index in indices], device=self._decoder.device)
            hidden: Tensor = self._decoder(pack)
            return hidden.float()

        packs = list(pack_by_budget([len(ids) for ids in sequences], max_tokens=self._config.pack_tokens))
        return PackedBatch(packs=packs, run=run)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastiveTask:
    """Texts to embed, and the loss of their vectors; see `PackedBatch` for `gather` and `terms`."""

    sequences: list[list[int]]
    gather: Callable[[Tensor], Tensor]
    terms: list[Callable[[Tensor], Tensor]]


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
    task = contrastive_task(rows, tokenizer, config)
    vectors = task.gather(embed(task.sequences))
    return torch.stack([term(vectors) for term in task.terms]).sum()


def contrastive_task(
    rows: Sequence[TrainingRow],
    tokenizer: TextTokenizer,
    config: EmbedderObjectiveConfig,
    *,
    device: torch.device | str = "cpu",
) -> ContrastiveTask:
    """Tokenise a batch, and say what its loss is once there are vectors.

    Args:
        rows: This process's rows of one batch.
        tokenizer: The model's tokenizer.
        config: Switches.
        device: Where the vectors will be.

    Returns:
        The task.
    """
    batch = tokenize_for_embedder(
        rows,
        tokenizer,
        max_query=config.max_query_tokens,
        max_document=config.max_document_tokens,
        num_negatives=config.num_negatives,
        instructed=config.instructed,
    )
    world = World.current()
    places = Places.of(batch, world if config.cross_device else World(), device=device)
    weight = mean_over_processes(len(rows), world, device=device) / len(rows)
    dim_weights = config.dim_weights or tuple(1 / len(config.dims) for _ in config.dims)
    terms: list[Callable[[Tensor], Tensor]] = []
    for start in range(places.own.start, places.own.stop, config.loss_rows):
        piece = slice(start, min(start + config.loss_rows, places.own.stop))
        share = weight * (piece.stop - piece.start)
        terms += [
            partial(_term, places=places, rows=piece, config=config.loss, dim=dim, weight=share * dim_weight)
            for dim, dim_weight in zip(config.dims, dim_weights, strict=True)
        ]
    negatives = [ids for texts in batch.negatives for ids in texts]
    return ContrastiveTask(
        sequences=[*batch.queries, *batch.positives, *negatives],
        gather=gather_rows if config.cross_device else as_they_are,
        terms=terms,
    )


def _term(vectors_AD: Tensor, *, places: Places, rows: slice, config: InfoNCEConfig, dim: int, weight: float) -> Tensor:
    """What some rows add to the loss through one prefix."""
    negatives_NK = places.negatives_NK

    def loss(prefixes_AD: Tensor) -> Tensor:
        return info_nce(
            prefixes_AD[places.queries_N],
            prefixes_AD[places.positives_N],
            None if negatives_NK is None else functional.embedding(negatives_NK, prefixes_AD),
            config=config,
            positive_ids_N=places.positive_ids_N,
            negative_ids_NK=places.negative_ids_NK,
            negative_mask_NK=places.mask_NK,
            rows=rows,
        )

    return matryoshka(loss, (vectors_AD,), dims=(dim,), weights=(weight,))
