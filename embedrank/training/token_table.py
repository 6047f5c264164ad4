"""Warm start of a small decoder: learn the token table as a bag of tokens, then lay it under a decoder that averages.

A decoder trained from nothing spends most of a short run learning what tokens mean. A bag of tokens

    y = mean_t( P rmsnorm(e_t) )        P drops the last `SILENT` dimensions

learns that many times faster, and a decoder whose first layer attends evenly and passes values through P adds the same
y to its last token. A token that should weigh little in the mean keeps its mass in the dropped dimensions. So training
of the decoder starts where the bag ended.

Shape suffixes: V vocabulary, M hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from embedrank.core.errors import ConfigError
from embedrank.model.decoder import Decoder
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_task import embedder_loss
from embedrank.training.embedder_terms import Form
from embedrank.training.packed_batch import PackedBatch
from embedrank.training.rows import TrainingRow
from embedrank.training.tokenized import EmbedderReading

SILENT = 16  # dimensions in which a token can hide its mass from the mean
QUIET_END = 0.05  # scale of the end token's row: normalised it is as before, in the stream it is all but nothing
EVEN_ATTENTION = 0.05  # weight of the query norm at which attention is all but even, yet still learns


class TokenTable(nn.Module):
    """A bag-of-tokens embedder."""

    def __init__(self, vocab_size: int, hidden_size: int, *, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(vocab_size, hidden_size))
        self.eps = eps

    def forward(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        """Vectors `[n, M]` of token id lists, the last `SILENT` numbers zero."""
        normed_VM = functional.rms_norm(self.weight, (self.weight.shape[1],), eps=self.eps)
        lengths = torch.tensor([len(ids) for ids in sequences])
        tokens = torch.tensor([token for ids in sequences for token in ids])
        mean = functional.embedding_bag(tokens, normed_VM, lengths.cumsum(0) - lengths, mode="mean")
        return mean * passing(self.weight.shape[1])


def passing(hidden_size: int) -> Tensor:
    """The diagonal of P: ones, then `SILENT` zeros."""
    return (torch.arange(hidden_size) < hidden_size - SILENT).float()


class TokenTableObjective:
    """The embedder's loss on a bag of tokens; a `Student` of `EmbedderDistilObjective` too."""

    def __init__(self, table: TokenTable, tokenizer: TextTokenizer, config: EmbedderObjectiveConfig) -> None:
        self._table, self.tokenizer, self.config = table, tokenizer, config

    @property
    def module(self) -> nn.Module:
        """The table."""
        return self._table

    @property
    def reading(self) -> EmbedderReading:
        """As `PackedObjective.reading`."""
        return self.config.reading(self.tokenizer)

    @property
    def forms(self) -> list[Form]:
        """Forms of vectors that are trained."""
        return self.config.forms()

    def loss(self, rows: Sequence[TrainingRow]) -> Tensor:
        """The loss of one batch."""
        return embedder_loss(rows, self.tokenizer, self.config, self._table)

    def packed(self, sequences: Sequence[Sequence[int]]) -> PackedBatch:
        """Token id lists in one pack, with raw vectors; without a loss."""
        return PackedBatch(
            packs=[range(len(sequences))],
            run=lambda chosen: self._table([sequences[index] for index in chosen]),
            num_tokens=sum(map(len, sequences)),
        )


def lay_under(decoder: Decoder, table_VM: Tensor, *, end_id: int) -> None:
    """Make a freshly initialised decoder compute what the bag computes.

    Args:
        decoder: To be changed in place; heads times head_dim must equal the hidden size, for queries and for values.
        table_VM: The learned token table.
        end_id: The end token, whose stream becomes the vector.

    Raises:
        ConfigError: If the decoder's first layer cannot pass values through unchanged.
    """
    config = decoder.config
    width = config.hidden_size
    if config.num_key_value_heads * config.head_dim != width or config.num_attention_heads * config.head_dim != width:
        raise ConfigError(
            "DecoderConfig", "num_key_value_heads", config.num_key_value_heads, "needs heads of full width"
        )
    first = decoder.layers[0].self_attn
    with torch.no_grad():
        decoder.embed_tokens.weight.copy_(table_VM)
        decoder.embed_tokens.weight[end_id] *= QUIET_END
        first.v_proj.weight.copy_(passing(width).diag())  # type: ignore[union-attr,operator]
        first.o_proj.weight.copy_(torch.eye(width))  # type: ignore[union-attr,operator]
        first.q_norm.weight.fill_(EVEN_ATTENTION)  # type: ignore[union-attr,operator]
