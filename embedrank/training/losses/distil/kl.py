"""Distillation of a choice: the student must spread its belief over a query's candidates as the teacher does.

    L = (1/R) sum_r sum_c p_rc (log p_rc - log s_rc)
    p_r = softmax_c(teacher_rc / t_teacher)        s_r = softmax_c(student_rc / t)

Shape suffixes: R queries, C candidates of a query.
Source: arXiv 1503.02531, section 2; of a reranker's logits over one positive and k negatives into the embedder in the
last stage of Qwen3-VL-Embedding, arXiv 2601.04720.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from embedrank.training.losses.distil.candidate_scores import CandidateScores
from embedrank.training.losses.temperature import check_temperature


@dataclass(frozen=True, slots=True, kw_only=True)
class KLConfig:
    """Switches of the loss.

    Attributes:
        temperature: Divides the student's scores; 1 suits logits, less than a tenth suits cosines.
        teacher_temperature: Divides the teacher's scores.
    """

    temperature: float = 0.02
    teacher_temperature: float = 1.0

    def __post_init__(self) -> None:
        check_temperature("KLConfig", self.temperature)
        check_temperature("KLConfig", self.teacher_temperature, field="teacher_temperature")


def kl(scores: CandidateScores, config: KLConfig) -> Tensor:
    """The loss of a batch; a query with one candidate costs nothing.

    Args:
        scores: Student's and teacher's.
        config: Switches.

    Returns:
        A scalar, the mean over queries.
    """
    away_RC = ~scores.mask_RC
    student_RC = (scores.student_RC / config.temperature).masked_fill(away_RC, float("-inf"))
    teacher_RC = (scores.teacher_RC / config.teacher_temperature).masked_fill(away_RC, float("-inf"))
    log_s_RC = student_RC.log_softmax(1).masked_fill(away_RC, 0.0)
    log_p_RC = teacher_RC.log_softmax(1)
    return (log_p_RC.exp() * (log_p_RC.masked_fill(away_RC, 0.0) - log_s_RC)).sum(1).mean()
