"""The losses that an embedder trains with, by name, and which one each task takes unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from torch import Tensor

from embedrank.training.losses.bitext import bitext
from embedrank.training.losses.classification import classification
from embedrank.training.losses.clustering import clustering
from embedrank.training.losses.cosent import cosent
from embedrank.training.losses.embedded_batch import EmbeddedBatch
from embedrank.training.losses.info_nce import info_nce


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderLoss:
    """A loss, and what it asks of rows.

    Attributes:
        compute: Takes a batch and the loss's own configuration.
        adds_up: Whether a batch's loss is the mean of its rows', so that it can be computed in pieces.
        reads_scores: Whether rows must have scores.
        uses_negatives: Whether hard negatives count; else they are not embedded.
        needs_negatives: Whether a row without hard negatives teaches nothing.
    """

    compute: Callable[[EmbeddedBatch, Any], Tensor]
    adds_up: bool = True
    reads_scores: bool = False
    uses_negatives: bool = True
    needs_negatives: bool = False


EMBEDDER_LOSSES: Final[Mapping[str, EmbedderLoss]] = MappingProxyType(
    {
        "info_nce": EmbedderLoss(compute=info_nce),
        "cosent": EmbedderLoss(compute=cosent, adds_up=False, reads_scores=True, uses_negatives=False),
        "classification": EmbedderLoss(compute=classification, needs_negatives=True),
        "clustering": EmbedderLoss(compute=clustering),
        "bitext": EmbedderLoss(compute=bitext),
    }
)
LOSS_OF_TASK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "retrieval": "info_nce",
        "sts": "cosent",
        "classification": "classification",
        "bitext": "bitext",
        "clustering": "clustering",
        "code": "info_nce",
    }
)
