"""Training of a reranker: the prompt of serving, one pass over all pairs of a batch behind their shared prefix.

Shape suffixes: N pairs, M hidden size, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from embedrank.core.errors import ConfigError
from embedrank.core.prompts import rerank_template
from embedrank.model.decoder import Decoder
from embedrank.model.head import yes_no_ids
from embedrank.model.packing import Pack, pack_by_budget, shared_front
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.gather import mean_over_processes
from embedrank.training.losses.for_rerankers import RERANKER_LOSSES, JudgedPairs
from embedrank.training.packed_batch import PackedBatch
from embedrank.training.parallel.world import World
from embedrank.training.reading import read
from embedrank.training.reranker_config import RerankerObjectiveConfig
from embedrank.training.row_requirements import check_reranker_rows, no_negatives
from embedrank.training.rows import TrainingRow
from embedrank.training.teachers import ScoreTeacher, TeacherOfRows
from embedrank.training.tokenized_pairs import RerankerBatch, RerankerReading, rerank_prompts


class RerankerObjective:
    """The chosen loss on yes and no at the end of each prompt."""

    def __init__(
        self,
        decoder: Decoder,
        tokenizer: TextTokenizer,
        config: RerankerObjectiveConfig,
        *,
        lm_head_VM: Tensor | None = None,
        teacher: ScoreTeacher | None = None,
    ) -> None:
        """Put it together.

        Args:
            decoder: What learns. A score head becomes its child `score`.
            tokenizer: Its tokenizer.
            config: Switches.
            lm_head_VM: The head of an untied decoder; it does not learn.
            teacher: Scores documents for the losses that distil; None reads the rows' `teacher_scores`.

        Raises:
            ConfigError: If an untied decoder comes without its head, or a teacher with a loss that asks none.
        """
        if lm_head_VM is None and not decoder.config.tie_word_embeddings:
            raise ConfigError("RerankerObjective", "lm_head_VM", None, "the decoder is untied and needs its head")
        if teacher is not None and not RERANKER_LOSSES[config.loss].needs_teacher:
            raise ConfigError("RerankerObjectiveConfig", "loss", config.loss, "asks no teacher; use kl or margin_mse")
        self._decoder, self._tokenizer, self._config = decoder, tokenizer, config
        self._lm_head_VM = None if lm_head_VM is None else lm_head_VM.detach()
        self._teacher = teacher or TeacherOfRows()
        self._answers = yes_no_ids(tokenizer)
        if config.head == "score" and not hasattr(decoder, "score"):
            decoder.score = nn.Linear(decoder.config.hidden_size, 1, bias=False, device=decoder.device)
            no_id, yes_id = self._answers
            with torch.no_grad():
                decoder.score.weight.copy_(self._head_VM[yes_id] - self._head_VM[no_id])

    @property
    def module(self) -> nn.Module:
        """The decoder; its token table is its head."""
        return self._decoder

    @property
    def reading(self) -> RerankerReading:
        """As `PackedObjective.reading`."""
        config = self._config
        return RerankerReading(
            tokenizer=self._tokenizer,
            template=config.template,
            max_length=config.max_length,
            num_negatives=config.num_negatives,
            instructed=config.instructed,
            graded=RERANKER_LOSSES[config.loss].graded,
        )

    @property
    def _head_VM(self) -> Tensor:
        return self._decoder.embed_tokens.weight if self._lm_head_VM is None else self._lm_head_VM

    def loss(self, rows: Sequence[TrainingRow]) -> Tensor:
        """The loss of each row's positive and hard negatives.

        Args:
            rows: One batch, hard negatives included.

        Returns:
            A scalar: the mean over pairs, or over rows where documents of one query are compared.

        Raises:
            InvalidInputError: If no row of the batch has a negative, or the loss cannot use the rows' scores.
        """
        return self.prepare(rows).loss()

    def prepare(self, rows: Sequence[TrainingRow]) -> PackedBatch:
        """As `PackedObjective.prepare`; raises as `loss` does."""
        config, world, device = self._config, World.current(), self._decoder.device
        loss = RERANKER_LOSSES[config.loss]
        check_reranker_rows(rows, config.loss, loss)
        pairs = read(rows, self.reading)
        num_negatives = len(pairs.pairs) - len(rows)
        if not loss.graded and not world.total(num_negatives, device=device):
            raise no_negatives(rows[0])
        batch = replace(self._in_packs(pairs.prompts), texts=pairs.texts)
        row_weight = mean_over_processes(len(rows), world, device=device)
        beside: list[Callable[[Tensor], Tensor]] = []
        if config.list_weight:
            beside = [self._in_lists(pairs, "listwise", config.list_weight * row_weight)]
        if loss.in_lists:
            teacher_N = self._taught(rows, pairs) if loss.needs_teacher else None
            return replace(batch, terms=[self._in_lists(pairs, config.loss, row_weight, teacher_N), *beside])
        weight = mean_over_processes(len(pairs.pairs), world, device=device) / len(pairs.pairs)
        part = self._by_pair(pairs, weight)
        return replace(batch, terms=[*_over(batch.packs, part), *beside], part=None if beside else part)

    def last_hidden(self, pairs: Sequence[tuple[str, str, str | None]]) -> Tensor:
        """Hidden states `[N, M]` at the end of each pair's prompt, in the order given."""
        return self.packed(pairs).vectors()

    def packed(self, pairs: Sequence[tuple[str, str, str | None]]) -> PackedBatch:
        """Pairs in packs, without a loss; each pass computes what all prompts share, once."""
        template, max_length = rerank_template(self._config.template), self._config.max_length
        return self._in_packs(rerank_prompts(pairs, self._tokenizer, template, max_length=max_length).prompts)

    def _in_packs(self, prompts: Sequence[list[int]]) -> PackedBatch:
        num_shared = shared_front(prompts)
        tails = [prompt[num_shared:] for prompt in prompts]

        def run(indices: Sequence[int]) -> Tensor:
            prefix = self._decoder.prefill(prompts[0][:num_shared]) if num_shared else None
            pack = Pack.of([tails[index] for index in indices], offset=num_shared, device=self._decoder.device)
            hidden: Tensor = self._decoder(pack, prefix=prefix)
            return hidden

        packs = list(pack_by_budget([len(tail) for tail in tails], max_tokens=self._config.pack_tokens))
        return PackedBatch(packs=packs, run=run, num_tokens=sum(map(len, tails)) + num_shared * len(packs))

    def logits(self, pairs: Sequence[tuple[str, str, str | None]]) -> Tensor:
        """Yes logit minus no logit of each pair, `[N]`."""
        return self.difference(self.last_hidden(pairs))

    def difference(self, hidden_NM: Tensor) -> Tensor:
        """Yes logit minus no logit of hidden states at the end of prompts, `[N]`."""
        logits_N2 = self._logits(hidden_NM)
        return logits_N2[:, 1] - logits_N2[:, 0]

    def _logits(self, hidden_NM: Tensor) -> Tensor:
        with torch.autocast(hidden_NM.device.type, enabled=False):
            if self._config.head == "score":
                logits_N1 = hidden_NM.float() @ self._decoder.score.weight.float().T  # type: ignore[union-attr,operator]
                return torch.cat((torch.zeros_like(logits_N1), logits_N1), dim=1)
            return hidden_NM.float() @ self._head_VM[list(self._answers)].float().T

    def _judged(
        self, hidden_NM: Tensor, targets: Sequence[float], counts: Sequence[int], teacher_N: Tensor | None = None
    ) -> JudgedPairs:
        return JudgedPairs(
            logits_N2=self._logits(hidden_NM),
            targets_N=torch.tensor(targets, device=hidden_NM.device),
            counts=counts,
            teacher_N=teacher_N,
            hidden_NM=hidden_NM,
            head_VM=self._head_VM,
            answer_ids=self._answers,
        )

    def _by_pair(self, pairs: RerankerBatch, weight: float) -> Callable[[Tensor, Sequence[int]], Tensor]:
        """What some pairs add to a loss that compares none of them."""
        loss, switches = RERANKER_LOSSES[self._config.loss], self._config.switches()

        def part(hidden_NM: Tensor, indices: Sequence[int]) -> Tensor:
            targets = [pairs.targets[index] for index in indices]
            return weight * len(indices) * loss.compute(self._judged(hidden_NM, targets, ()), switches)

        return part

    def _in_lists(
        self, pairs: RerankerBatch, name: str, weight: float, teacher_N: Tensor | None = None
    ) -> Callable[[Tensor], Tensor]:
        """A loss that compares documents of one query."""
        loss, switches = RERANKER_LOSSES[name], self._config.switches()

        def term(hidden_NM: Tensor) -> Tensor:
            return weight * loss.compute(
                self._judged(hidden_NM, pairs.targets, pairs.num_documents, teacher_N), switches
            )

        return term

    def _taught(self, rows: Sequence[TrainingRow], pairs: RerankerBatch) -> Tensor:
        documents = iter(pairs.pairs)
        chosen = [[next(documents)[1] for _ in range(count)] for count in pairs.num_documents]
        scores = self._teacher.scores(rows, chosen)
        flat = [score for some in scores for score in some]
        return torch.tensor(flat, dtype=torch.float32, device=self._decoder.device)


def _over(
    packs: Sequence[Sequence[int]], part: Callable[[Tensor, Sequence[int]], Tensor]
) -> list[Callable[[Tensor], Tensor]]:
    """What each pack adds to the loss, as functions of all vectors."""
    return [lambda vectors, pack=pack: part(vectors[list(pack)], pack) for pack in packs]  # type: ignore[misc]
