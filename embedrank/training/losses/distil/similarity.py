"""Distillation of similarities: texts must be as near to each other as they are for the teacher.

    L = 1/(T(T-1)) sum_{i != j} ( cos(v_i, v_j) - cos(u_i, u_j) )^2

The teacher's vectors may have any number of dimensions. Shape suffixes: T texts, D student's dimensions, U teacher's.
Source: distance-wise relational distillation, arXiv 1904.05068, section 3.2.1, with cosines for distances.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def similarity(student_TD: Tensor, teacher_TU: Tensor) -> Tensor:
    """The loss of a batch; a single text costs nothing.

    Args:
        student_TD: With a graph; of any length.
        teacher_TU: Of the same texts.

    Returns:
        A scalar, the mean over pairs of different texts.
    """
    student_TD, teacher_TU = functional.normalize(student_TD, dim=-1), functional.normalize(teacher_TU, dim=-1)
    num_texts = len(student_TD)
    apart_TT = ~torch.eye(num_texts, dtype=torch.bool, device=student_TD.device)
    errors_TT = (student_TD @ student_TD.T - (teacher_TU @ teacher_TU.T).detach()) ** 2
    return (errors_TT * apart_TT).sum() / max(1, num_texts * (num_texts - 1))
