"""What losses on scores compare: a student's and a teacher's scores of the same candidates.

Shape suffixes: R queries, C candidates of a query, its positive first.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateScores:
    """Scores of each query's candidates.

    Attributes:
        student_RC: With a graph; cosines of an embedder, logits of a reranker.
        teacher_RC: On the teacher's own scale.
        mask_RC: False where a query has fewer than C candidates; True in the first column.
    """

    student_RC: Tensor
    teacher_RC: Tensor
    mask_RC: Tensor
