"""Yes/no training of a reranker: the prompt of serving, one pass over all pairs of a batch behind their shared prefix.

Shape suffixes: N pairs, M hidden size, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.prompts import rerank_template
from embedrank.model.decoder import Decoder
from embedrank.model.head import yes_no_ids
from embedrank.model.packing import Pack, pack_by_budget, shared_front
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.gather import mean_over_processes
from embedrank.training.losses.listwise import listwise
from embedrank.training.losses.yes_no import yes_no_full_vocabulary, yes_no_two_tokens
from embedrank.training.packed_batch import PackedBatch
from embedrank.training.parallel.world import World
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
        return self.prepare(rows).loss()

    def prepare(self, rows: Sequence[TrainingRow]) -> PackedBatch:
        """As `PackedObjective.prepare`; raises as `loss` does."""
        pairs, labels, counts = self._pairs(rows)
        world, device = World.current(), self._decoder.device
        if not world.total(labels.count(0), device=device):
            raise InvalidInputError(
                "training rows", f"no row of {rows[0].source!r} has negatives", hint="mine some first"
            )
        labels_N = torch.tensor(labels, device=device)
        weight = mean_over_processes(len(pairs), world, device=device) / len(pairs)

        def part(hidden_NM: Tensor, indices: Sequence[int]) -> Tensor:
            return weight * len(indices) * self._pointwise(hidden_NM, labels_N[list(indices)])

        batch = self.packed(pairs)
        if not self._config.list_weight:
            return replace(batch, terms=_over(batch.packs, part), part=part)
        list_weight = self._config.list_weight * mean_over_processes(len(rows), world, device=device)

        def in_lists(hidden_NM: Tensor) -> Tensor:
            return list_weight * listwise(self.difference(hidden_NM), counts)

        return replace(batch, terms=[*_over(batch.packs, part), in_lists])

    def last_hidden(self, pairs: Sequence[tuple[str, str, str | None]]) -> Tensor:
        """Hidden states `[N, M]` at the end of each pair's prompt, in the order given."""
        return self.packed(pairs).vectors()

    def packed(self, pairs: Sequence[tuple[str, str, str | None]]) -> PackedBatch:
        """Pairs in packs, without a loss; each pass computes what all prompts share, once."""
        prompts = tokenize_pairs(
            pairs, self._tokenizer, rerank_template(self._config.template), max_length=self._config.max_length
        )
        num_shared = shared_front(prompts)
        tails = [prompt[num_shared:] for prompt in prompts]

        def run(indices: Sequence[int]) -> Tensor:
            prefix = self._decoder.prefill(prompts[0][:num_shared]) if num_shared else None
            pack = Pack.of([tails[index] for index in indices], offset=num_shared, device=self._decoder.device)
            hidden: Tensor = self._decoder(pack, prefix=prefix)
            return hidden

        packs = list(pack_by_budget([len(tail) for tail in tails], max_tokens=self._config.pack_tokens))
        return PackedBatch(packs=packs, run=run)

    def _pointwise(self, hidden_NM: Tensor, labels_N: Tensor) -> Tensor:
        if self._config.vocabulary == "two":
            return yes_no_two_tokens(self._logits(hidden_NM), labels_N)
        logits_NV = hidden_NM @ self._decoder.embed_tokens.weight.T
        return yes_no_full_vocabulary(logits_NV, labels_N, yes_id=self._yes_id, no_id=self._no_id)

    def logits(self, pairs: Sequence[tuple[str, str, str | None]]) -> Tensor:
        """Yes logit minus no logit of each pair, `[N]`."""
        return self.difference(self.last_hidden(pairs))

    def difference(self, hidden_NM: Tensor) -> Tensor:
        """Yes logit minus no logit of hidden states at the end of prompts, `[N]`."""
        logits_N2 = self._logits(hidden_NM)
        return logits_N2[:, 1] - logits_N2[:, 0]

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


def _over(
    packs: Sequence[Sequence[int]], part: Callable[[Tensor, Sequence[int]], Tensor]
) -> list[Callable[[Tensor], Tensor]]:
    """What each pack adds to the loss, as functions of all vectors."""
    return [lambda vectors, pack=pack: part(vectors[list(pack)], pack) for pack in packs]  # type: ignore[misc]
