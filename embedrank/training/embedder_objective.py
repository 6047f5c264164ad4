"""Training of an embedder: queries and documents through one decoder, the loss of their task over prefixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor, nn

from embedrank.core.errors import ConfigError
from embedrank.model.decoder import Decoder
from embedrank.model.packing import Pack, pack_by_budget
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_task import EmbedderTexts, task_terms, uses_negatives
from embedrank.training.embedder_terms import Form
from embedrank.training.losses.quantisation_aware.lsq import first_step
from embedrank.training.losses.quantisation_aware.quantised import LSQ
from embedrank.training.packed_batch import PackedBatch
from embedrank.training.rows import TrainingRow
from embedrank.training.tokenized import EmbedderReading

_STEPS: Final = "embedding_steps"


class EmbedderObjective:
    """The loss of a batch's task on the pooled last token."""

    def __init__(self, decoder: Decoder, tokenizer: TextTokenizer, config: EmbedderObjectiveConfig) -> None:
        """Put it together.

        Args:
            decoder: What learns. Learned steps of `lsq` become a parameter of it, `embedding_steps`.
            tokenizer: Its tokenizer.
            config: Switches.

        Raises:
            ConfigError: If a prefix is longer than the vectors.
        """
        if max(config.dims) > decoder.config.hidden_size:
            raise ConfigError(
                "EmbedderObjectiveConfig", "dims", config.dims, f"none may exceed {decoder.config.hidden_size}"
            )
        self.config, self.tokenizer, self._decoder = config, tokenizer, decoder
        self._learns_steps = LSQ in (config.quantise or {})
        kept = getattr(decoder, _STEPS, None)  # of an earlier stage of training
        if kept is not None:
            kept.requires_grad_(self._learns_steps)
        if self._learns_steps and (kept is None or len(kept) != len(config.dims)):
            steps = [first_step(dim, bits=config.lsq_bits) for dim in config.dims]
            decoder.register_parameter(_STEPS, nn.Parameter(torch.tensor(steps, device=decoder.device)))

    @property
    def module(self) -> nn.Module:
        """The decoder."""
        return self._decoder

    @property
    def reading(self) -> EmbedderReading:
        """As `PackedObjective.reading`."""
        return self.config.reading(self.tokenizer)

    @property
    def forms(self) -> list[Form]:
        """Forms of vectors that are trained."""
        # Sharding swaps the parameter for a gathered one and back, so it is looked up when it is used.
        return self.config.forms(
            (lambda number: getattr(self._decoder, _STEPS)[number]) if self._learns_steps else None
        )

    def loss(self, rows: Sequence[TrainingRow]) -> Tensor:
        """The loss of one batch, over all trained prefixes."""
        return self.prepare(rows).loss()

    def prepare(self, rows: Sequence[TrainingRow]) -> PackedBatch:
        """As `PackedObjective.prepare`."""
        texts = self.texts(rows)
        terms = task_terms(rows, texts, self.config, self.forms)
        return replace(self.packed(texts.sequences), terms=terms, gather=texts.gather, texts=texts.counts)

    def texts(self, rows: Sequence[TrainingRow]) -> EmbedderTexts:
        """What is embedded of a batch."""
        return EmbedderTexts.of(
            rows,
            self.tokenizer,
            self.config,
            negatives=uses_negatives(rows, self.config),
            device=self._decoder.device,
        )

    def embed(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        """Raw pooled vectors in float32, in the order given."""
        return self.packed(sequences).vectors()

    def packed(self, sequences: Sequence[Sequence[int]]) -> PackedBatch:
        """Token id lists in packs, with raw pooled vectors in float32; without a loss."""

        def run(indices: Sequence[int]) -> Tensor:
            pack = Pack.of([sequences[index] for index in indices], device=self._decoder.device)
            hidden: Tensor = self._decoder(pack)
            if self._learns_steps:  # every pass must use every parameter, or processes wait for its gradient
                hidden = hidden + 0 * getattr(self._decoder, _STEPS).sum()
            return hidden.float()

        packs = list(pack_by_budget([len(ids) for ids in sequences], max_tokens=self.config.pack_tokens))
        return PackedBatch(packs=packs, run=run, num_tokens=sum(map(len, sequences)))
