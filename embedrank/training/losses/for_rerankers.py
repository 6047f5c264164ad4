"""The losses that a reranker trains with, by name.

Shape suffixes: N pairs of all queries one after another, M hidden size, V vocabulary, R queries, C candidates of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from embedrank.training.losses.distil.candidate_scores import CandidateScores
from embedrank.training.losses.distil.kl import kl
from embedrank.training.losses.distil.margin_mse import margin_mse
from embedrank.training.losses.listwise import listwise
from embedrank.training.losses.margin import margin
from embedrank.training.losses.regression import regression
from embedrank.training.losses.score_head import score_head
from embedrank.training.losses.yes_no import yes_no_full_vocabulary, yes_no_two_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPairs:
    """What a reranker said of some pairs, and what is right.

    Attributes:
        logits_N2: Logits of no and yes.
        targets_N: 0..1; 1 where the document answers.
        counts: Documents of each query, its positive first.
        teacher_N: A teacher's logits; None where there is none.
        hidden_NM: Hidden states at the end of prompts.
        head_VM: The head over the whole vocabulary.
        answer_ids: Token ids of no and yes.
    """

    logits_N2: Tensor
    targets_N: Tensor
    counts: Sequence[int]
    teacher_N: Tensor | None
    hidden_NM: Tensor
    head_VM: Tensor
    answer_ids: tuple[int, int]

    @property
    def differences_N(self) -> Tensor:
        """Yes logit minus no logit."""
        return self.logits_N2[:, 1] - self.logits_N2[:, 0]

    def lists(self) -> CandidateScores:
        """Pairs of one query in one row."""
        assert self.teacher_N is not None
        widths_R1 = torch.tensor(list(self.counts), device=self.logits_N2.device)[:, None]
        student_RC, teacher_RC = (
            pad_sequence(scores_N.split(list(self.counts)), batch_first=True)
            for scores_N in (self.differences_N, self.teacher_N)
        )
        places_C = torch.arange(student_RC.shape[1], device=self.logits_N2.device)
        return CandidateScores(student_RC=student_RC, teacher_RC=teacher_RC, mask_RC=places_C < widths_R1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerLoss:
    """A loss, and what it asks of rows.

    Attributes:
        compute: Takes pairs and the loss's own configuration.
        in_lists: Whether documents of one query are compared; else a batch's loss is the mean of its pairs'.
        graded: Whether targets between 0 and 1 count as such.
        needs_teacher: Whether rows must have a teacher's scores.
    """

    compute: Callable[[JudgedPairs, Any], Tensor]
    in_lists: bool = False
    graded: bool = False
    needs_teacher: bool = False


def _two_tokens(pairs: JudgedPairs, config: None) -> Tensor:
    return yes_no_two_tokens(pairs.logits_N2, pairs.targets_N)


def _full_vocabulary(pairs: JudgedPairs, config: None) -> Tensor:
    no_id, yes_id = pairs.answer_ids
    return yes_no_full_vocabulary(pairs.hidden_NM, pairs.head_VM, pairs.targets_N, yes_id=yes_id, no_id=no_id)


RERANKER_LOSSES: Final[Mapping[str, RerankerLoss]] = MappingProxyType(
    {
        "two_tokens": RerankerLoss(compute=_two_tokens),
        "full_vocabulary": RerankerLoss(compute=_full_vocabulary),
        "score_head": RerankerLoss(
            compute=lambda pairs, config: score_head(pairs.differences_N, pairs.targets_N), graded=True
        ),
        "regression": RerankerLoss(
            compute=lambda pairs, config: regression(pairs.differences_N, pairs.targets_N), graded=True
        ),
        "listwise": RerankerLoss(
            compute=lambda pairs, config: listwise(pairs.differences_N, pairs.counts), in_lists=True
        ),
        "margin": RerankerLoss(
            compute=lambda pairs, config: margin(pairs.differences_N, pairs.counts, config), in_lists=True
        ),
        "kl": RerankerLoss(compute=lambda pairs, config: kl(pairs.lists(), config), in_lists=True, needs_teacher=True),
        "margin_mse": RerankerLoss(
            compute=lambda pairs, config: margin_mse(pairs.lists(), config), in_lists=True, needs_teacher=True
        ),
    }
)
