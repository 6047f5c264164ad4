"""The losses by which an embedder learns from a teacher, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from torch import Tensor

from embedrank.training.losses.distil.cosine import cosine
from embedrank.training.losses.distil.kl import kl
from embedrank.training.losses.distil.margin_mse import margin_mse
from embedrank.training.losses.distil.similarity import similarity


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilLoss:
    """A loss, and what it compares.

    Attributes:
        compute: Takes `CandidateScores` and the loss's own configuration; or the student's and the teacher's vectors.
        of_vectors: Whether it compares vectors of texts; else scores of each query's candidates.
        same_length: Whether the teacher's vectors must be as long as the student's.
    """

    compute: Callable[..., Tensor]
    of_vectors: bool = False
    same_length: bool = False


DISTIL_LOSSES: Final[Mapping[str, DistilLoss]] = MappingProxyType(
    {
        "kl": DistilLoss(compute=kl),
        "margin_mse": DistilLoss(compute=margin_mse),
        "cosine": DistilLoss(compute=cosine, of_vectors=True, same_length=True),
        "similarity": DistilLoss(compute=similarity, of_vectors=True),
    }
)
