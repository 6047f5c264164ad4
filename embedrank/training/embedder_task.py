"""What is embedded of an embedder's batch, and the loss of its vectors.

Shape suffixes: A texts of all processes, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_terms import Form, Piece, Term, loss_terms, pieces_of
from embedrank.training.gather import gather_rows, mean_over_processes
from embedrank.training.losses.embedded_batch import ALL_ROWS
from embedrank.training.losses.for_embedders import EMBEDDER_LOSSES
from embedrank.training.packed_batch import as_they_are
from embedrank.training.parallel.world import World
from embedrank.training.places import Places
from embedrank.training.reading import read
from embedrank.training.row_requirements import check_embedder_rows
from embedrank.training.rows import TrainingRow
from embedrank.training.text_counts import TextCounts
from embedrank.training.tokenized import text_id


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderTexts:
    """Texts of a batch to embed.

    Attributes:
        sequences: Token ids: queries, positives, hard negatives row by row.
        places: Where they are among the vectors of all processes.
        gather: This process's vectors to those of all, as in `PackedBatch`.
        counts: Texts read and cut, by source.
    """

    sequences: list[list[int]]
    places: Places
    gather: Callable[[Tensor], Tensor]
    counts: Mapping[str, TextCounts]

    @classmethod
    def of(
        cls,
        rows: Sequence[TrainingRow],
        tokenizer: TextTokenizer,
        config: EmbedderObjectiveConfig,
        *,
        negatives: bool,
        device: torch.device | str = "cpu",
    ) -> EmbedderTexts:
        """Tokenise a batch.

        Args:
            rows: This process's rows of one batch.
            tokenizer: The model's tokenizer.
            config: Switches.
            negatives: Whether hard negatives are embedded.
            device: Where the vectors will be.

        Returns:
            The texts.
        """
        batch = read(rows, config.reading(tokenizer))
        if not negatives:
            batch = replace(batch, negatives=[[] for _ in rows], negative_ids=[[] for _ in rows])
        documents = [*batch.positives, *[ids for texts in batch.negatives for ids in texts]]
        return cls(
            sequences=[*batch.queries, *documents],
            places=Places.of(batch, World.current() if config.cross_device else World(), device=device),
            gather=partial(gather_rows, detached=config.detach_others) if config.cross_device else as_they_are,
            counts=batch.texts,
        )


def uses_negatives(rows: Sequence[TrainingRow], config: EmbedderObjectiveConfig) -> bool:
    """Whether the loss of the rows' task reads hard negatives."""
    return EMBEDDER_LOSSES[config.loss_name(rows[0].task)].uses_negatives


def task_terms(
    rows: Sequence[TrainingRow], texts: EmbedderTexts, config: EmbedderObjectiveConfig, forms: Sequence[Form]
) -> list[Term]:
    """The loss of a batch's task.

    Args:
        rows: This process's rows.
        texts: Their texts.
        config: Switches.
        forms: Forms of vectors that are trained.

    Returns:
        Functions of the gathered vectors; their sum is the loss.

    Raises:
        InvalidInputError: If the loss cannot learn from such rows.
    """
    name = config.loss_name(rows[0].task)
    loss, switches, places = EMBEDDER_LOSSES[name], config.switches(name), texts.places
    check_embedder_rows(rows, name, loss, num_negatives=config.num_negatives)
    device = places.queries_N.device
    scores_N, scales_N = _scores(rows, config, device) if loss.reads_scores else (None, None)
    pieces = [Piece(rows=ALL_ROWS, weight=1.0)]
    if loss.adds_up:
        weight = mean_over_processes(len(rows), World.current(), device=device)
        pieces = pieces_of(places.own, size=config.loss_rows, weight=weight)
    return loss_terms(
        lambda batch: loss.compute(replace(batch, scores_N=scores_N, scales_N=scales_N), switches),
        places,
        pieces=pieces,
        forms=forms,
    )


def _scores(
    rows: Sequence[TrainingRow], config: EmbedderObjectiveConfig, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Scores of the rows of all processes, and their scales: each source has its own."""
    world = World.current() if config.cross_device else World()
    shares = world.of_all([(row.score, text_id(row.source)) for row in rows])
    scores, scales = zip(*[pair for share in shares for pair in share], strict=True)
    return torch.tensor(scores, dtype=torch.float32, device=device), torch.tensor(scales, device=device)


def embedder_loss(
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
    texts = EmbedderTexts.of(rows, tokenizer, config, negatives=uses_negatives(rows, config))
    vectors_AD = texts.gather(embed(texts.sequences))
    return torch.stack([term(vectors_AD) for term in task_terms(rows, texts, config, config.forms())]).sum()
