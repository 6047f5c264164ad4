"""Yes/no training of a reranker: the prompt of serving, one pass over all pairs of a batch behind their shared prefix.

Shape suffixes: N pairs, M hidden size, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.prompts import rerank_template
from embedrank.model.decoder import Decoder
from embedrank.model.head import yes_no_ids
from embedrank.model.packing import Pack, pack_by_budget, shared_front
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.losses.listwise import listwise
from embedrank.training.losses.yes_no import yes_no_full_vocabulary, yes_no_two_tokens
from embedrank.training.rows import TrainingRow
from embedrank.training.tokenized import share_of, tokenize_pairs

VOCABULARIES = ("two", "full")


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerObjectiveConfig:
    """Switches of the task.

    Attributes:
        vocabulary: Softmax over `two` tokens or the `full` vocabulary, as in the report.
        list_weight: Weight of the listwise loss beside the pointwise one; 0 trains as the report does.
        template: Name of the prompt.
        instructed: Share of batches whose prompts carry the rows' instruction instead of the template's, 0 to 1.
        max_length: Longest prompt in tokens.
        num_negatives: Most hard negatives per row.
        pack_tokens: Token budget of one forward pass.
    """

    vocabulary: str = "two"
    list_weight: float = 0.0
    template: str = "default"
    instructed: float = 0.5
    max_length: int = 320
    num_negatives: int = 3
    pack_tokens: int = 16384

    def __post_init__(self) -> None:
        if self.vocabulary not in VOCABULARIES:
            raise ConfigError(
                "RerankerObjectiveConfig", "vocabulary", self.vocabulary, f"must be one of {', '.join(VOCABULARIES)}"
            )
        if self.num_negatives < 1:
            raise ConfigError("RerankerObjectiveConfig", "num_negatives", self.num_negatives, "must be at least 1")
        rerank_template(self.template)


class RerankerObjective:
    """Cross-entropy of yes and no; the head is the token table's own two rows."""

    def __init__(self, decoder: Decoder, tokenizer: TextTokenizer, config: RerankerObjectiveConfig) -> None:
        self._decoder, self._tokenizer, self._config = decoder, tokenizer, config
        self._no_id, self._yes_id = yes_no_ids(tokenizer)

    @property
    def module(self) -> nn.Module:
        """The decoder; its token table is its head."""
        return self._decoder

    def loss(self, rows: Sequence[TrainingRow]) -> Tensor:
        """Cross-entropy over each row's positive and hard negatives.

        Args:
            rows: One batch, hard negatives included.

        Returns:
            A scalar, the mean over pairs.

        Raises:
            InvalidInputError: If no row of the batch has a negative.
        """
        pairs, labels, counts = self._pairs(rows)
        labels_N = torch.tensor(labels)
        if not bool((labels_N == 0).any()):
            raise InvalidInputError(
                "training rows", f"no row of {rows[0].source!r} has negatives", hint="mine some first"
            )
        hidden_NM = self.last_hidden(pairs)
        table_VM = self._decoder.embed_tokens.weight
        logits_N2 = self._logits(hidden_NM)
        if self._config.vocabulary == "two":
            loss = yes_no_two_tokens(logits_N2, labels_N)
        else:
            loss = yes_no_full_vocabulary(hidden_NM @ table_VM.T, labels_N, yes_id=self._yes_id, no_id=self._no_id)
        if self._config.list_weight:
            loss = loss + self._config.list_weight * listwise(logits_N2[:, 1] - logits_N2[:, 0], counts)
        return loss

    def last_hidden(self, pairs: Sequence[tuple[str, str, str | None]]) -> Tensor:
        """Hidden states `[N, M]` at the end of each pair's prompt, in the order given."""
        prompts = tokenize_pairs(
            pairs, self._tokenizer, rerank_template(self._config.template), max_length=self._config.max_length
        )
        num_shared = shared_front(prompts)
        prefix = self._decoder.prefill(prompts[0][:num_shared]) if num_shared else None
        tails = [prompt[num_shared:] for prompt in prompts]
        packs = list(pack_by_budget([len(tail) for tail in tails], max_tokens=self._config.pack_tokens))
        hidden = [self._decoder(Pack.of([tails[i] for i in pack], offset=num_shared), prefix=prefix) for pack in packs]
        order = torch.tensor([index for pack in packs for index in pack])
        return torch.cat(hidden)[order.argsort()]

    def logits(self, pairs: Sequence[tuple[str, str, str | None]]) -> Tensor:
        """Yes logit minus no logit of each pair, `[N]`."""
        both = self._logits(self.last_hidden(pairs))
        return both[:, 1] - both[:, 0]

    def _logits(self, hidden_NM: Tensor) -> Tensor:
        rows_2M = self._decoder.embed_tokens.weight[[self._no_id, self._yes_id]]
        with torch.autocast(hidden_NM.device.type, enabled=False):
            return hidden_NM.float() @ rows_2M.float().T

    def _pairs(self, rows: Sequence[TrainingRow]) -> tuple[list[tuple[str, str, str | None]], list[int], list[int]]:
        """Pairs, their labels, and the number of pairs of each row."""
        told = share_of(rows[0].query) < self._config.instructed
        pairs, labels, counts = [], [], []
        for row in rows:
            documents = [row.positives[0], *row.negatives[: self._config.num_negatives]]
            pairs += [(row.query, document, row.instruction if told else None) for document in documents]
            labels += [1] + [0] * (len(documents) - 1)
            counts.append(len(documents))
        return pairs, labels, counts
