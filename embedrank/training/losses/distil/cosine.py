"""Distillation of vectors: each text's vector must point where the teacher's does.

    L = (1/T) sum_i ( 1 - cos(v_i, u_i) )

Student and teacher need vectors of one length. Shape suffixes: T texts, D dimensions.
Source: cosine form of the embedding loss of DistilBERT, arXiv 1910.01108, section 3.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def cosine(student_TD: Tensor, teacher_TD: Tensor) -> Tensor:
    """The loss of a batch.

    Args:
        student_TD: With a graph; of any length.
        teacher_TD: Of the same texts.

    Returns:
        A scalar, the mean over texts.
    """
    return (1 - functional.cosine_similarity(student_TD, teacher_TD.detach(), dim=-1)).mean()
