"""Distillation of margins: by how much the positive beats each negative must be the same for student and teacher.

    L = (1/R) sum_r (1/K_r) sum_k ( a (s_r0 - s_rk) - (t_r0 - t_rk) )^2

Shape suffixes: R queries, C candidates of a query: its positive, then K negatives.
Source: arXiv 2010.02666, equation 3; there with one negative a query.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from embedrank.core.errors import ConfigError
from embedrank.training.losses.distil.candidate_scores import CandidateScores


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginMSEConfig:
    """Switches of the loss.

    Attributes:
        scale: `a`: brings the student's margins to the teacher's scale; cosines span 2, logits of a reranker far more.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise ConfigError("MarginMSEConfig", "scale", self.scale, "must be positive")


def margin_mse(scores: CandidateScores, config: MarginMSEConfig) -> Tensor:
    """The loss of a batch; a query without negatives costs nothing.

    Args:
        scores: Student's and teacher's.
        config: Switches.

    Returns:
        A scalar, the mean over queries of the mean over their negatives.
    """
    student_RK, teacher_RK = (
        margins[:, :1] - margins[:, 1:] for margins in (scores.student_RC, scores.teacher_RC.detach())
    )
    there_RK = scores.mask_RC[:, 1:]
    errors_RK = (config.scale * student_RK - teacher_RK).masked_fill(~there_RK, 0.0) ** 2
    return (errors_RK.sum(1) / there_RK.sum(1).clamp(min=1)).mean()
